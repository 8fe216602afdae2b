// Prepared models: the bytes are the header's text and, behind a zero, the blocks; frames with the
// right magic, lengths and header checksum are put around them, which no mutation would hit, one of
// each format version that is read.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/hash.h"
#include "nest/runtime/prepared.h"

namespace {

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string framed(const std::uint8_t* data, std::size_t size, std::uint32_t version) {
  const std::string all(reinterpret_cast<const char*>(data), size);
  const std::string header = all.substr(0, all.find('\0'));
  std::string file = "NESTPREP";
  append(file, version);
  append(file, nest::crc32(std::as_bytes(std::span(header))));
  append(file, std::uint64_t{header.size()});
  file += header;
  file.resize((file.size() + 63) / 64 * 64);
  if (header.size() < all.size()) file += all.substr(header.size() + 1);
  return file;
}

void open_file(const std::string& file) {
  const int descriptor = memfd_create("prepared", 0);
  if (descriptor < 0 ||
      write(descriptor, file.data(), file.size()) != static_cast<ssize_t>(file.size())) {
    __builtin_trap();
  }
  try {
    nest::runtime::PreparedModel::open("/proc/self/fd/" + std::to_string(descriptor));
  } catch (const nest::Error& error) {
    if (nest::exit_code(error.code()) != 3) __builtin_trap();
  }
  close(descriptor);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (std::uint32_t version = 2; version <= nest::runtime::kPreparedVersion; ++version) {
    open_file(framed(data, size, version));
  }
  return 0;
}
