// Any bytes: a checkpoint or an Error, never anything else. The first byte chooses whether the rest
// is a file or the pickle inside one (so that the fuzzer need not learn ZIP and its checksums).
#include <cstdint>
#include <sstream>

#include "io/bytes.h"
#include "io/pytorch.h"
#include "io/safetensors.h"
#include "nest/core/error.h"
#include "nest/io/zip.h"

namespace {

using namespace nest::io;

std::string archive_around(std::span<const std::byte> pickle) {
  std::ostringstream out;
  ZipWriter zip(out);
  zip.add_stored("archive/data.pkl", pickle, 64);
  const std::string content(64, '\1');
  zip.add_stored("archive/data/0", as_bytes(content), 64);
  zip.add_deflated("archive/data/1", as_bytes(content));
  zip.finish();
  return out.str();
}

/// Whatever the bytes were, texts are UTF-8: the strict writer of JSON would throw.
void check_texts(const Checkpoint& checkpoint) {
  nest::Json names = nest::Json::array();
  for (const auto& [name, tensor] : checkpoint.state_dict) names.push_back(name);
  for (const UnreadTensor& tensor : checkpoint.unread) names.push_back(tensor.name + tensor.type);
  for (const std::string& warning : checkpoint.warnings) names.push_back(warning);
  names.dump();
  checkpoint.extra.dump();
  checkpoint.model_config.dump();
}

/// What was accepted must be writable, and read back the same.
void check_round_trip(const Checkpoint& checkpoint) {
  std::ostringstream out;
  write_pytorch(out, checkpoint);
  const Checkpoint back = parse_pytorch(as_bytes(out.view()), nullptr);
  if (back.state_dict.size() != checkpoint.state_dict.size()) __builtin_trap();
  for (const auto& [name, tensor] : checkpoint.state_dict) {
    if (!bit_equal(back.state_dict.at(name), tensor)) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data), size);
  const bool is_pickle = input[0] == std::byte{'p'};
  const std::string file = is_pickle ? archive_around(input.subspan(1)) : std::string();
  const auto bytes = is_pickle ? as_bytes(file) : input;
  Checkpoint checkpoint;
  try {
    checkpoint = parse_pytorch(bytes, nullptr, {.verify_checksums = false});
  } catch (const nest::Error& error) {
    if (nest::exit_code(error.code()) != 3) __builtin_trap();
    return 0;
  }
  check_texts(checkpoint);
  checkpoint.unread.clear();  // cannot be written
  check_round_trip(checkpoint);
  return 0;
}
