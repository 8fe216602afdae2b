#include "nest/core/file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file_writer.h"
#include "nest/core/error.h"
#include "nest/core/utf8.h"

namespace nest {
namespace {

std::string errno_text() {
  return std::generic_category().message(errno);
}

[[noreturn]] void fail_open(const std::filesystem::path& path) {
  if (errno == ENOENT || errno == ENOTDIR) {
    fail(ErrorCode::kNotFound, "{}: no such file", path.string());
  }
  fail(ErrorCode::kIo, "{}: cannot open: {}", path.string(), errno_text());
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_open(path);
  struct stat info = {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    const std::string reason = S_ISDIR(info.st_mode) ? "is a folder" : "not a regular file";
    ::close(fd);
    fail(ErrorCode::kIo, "{}: cannot map: {}", path.string(), reason);
  }
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->path_ = path;
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > 0) {
    void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    const std::string reason = errno_text();
    ::close(fd);
    require(memory != MAP_FAILED, ErrorCode::kIo, "{}: cannot map: {}", path.string(), reason);
    file->bytes_ = {static_cast<const std::byte*>(memory), size};
  } else {
    ::close(fd);
  }
  return file;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string read_text_file(const std::filesystem::path& path) {
  constexpr std::uintmax_t kLimit = std::uintmax_t{1} << 30;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail_open(path);
  require(!std::filesystem::is_directory(path), ErrorCode::kIo, "{}: is a folder, not a file",
          path.string());
  std::string text;
  char block[65536];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    require(text.size() <= kLimit, ErrorCode::kInvalidArgument,
            "{}: larger than 1 GiB, too large for a text file", path.string());
  }
  require(!in.bad(), ErrorCode::kIo, "{}: read failed: {}", path.string(), errno_text());
  return without_byte_order_mark(std::move(text), path.string());
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const bool carriage = end > begin && text[end - 1] == '\r';
    lines.push_back(text.substr(begin, end - begin - (carriage ? 1 : 0)));
    begin = end + 1;
  }
  return lines;
}

void write_file_atomic(const std::filesystem::path& path,
                       const std::function<void(std::ostream&)>& write) {
  FileWriter file(path);
  write(file.stream());
  file.commit();
}

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  write_file_atomic(path, [&](std::ostream& out) {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
  });
}

void write_bytes_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  write_file_atomic(path, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  });
}

}  // namespace nest
