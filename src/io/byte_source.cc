#include "nest/io/byte_source.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nest/core/error.h"

namespace nest::io {
namespace {

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path) : name_(path.string()) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0 && (errno == ENOENT || errno == ENOTDIR)) {
      fail(ErrorCode::kNotFound, "{}: no such file", name_);
    }
    require(fd_ >= 0, ErrorCode::kIo, "{}: cannot open: {}", name_,
            std::generic_category().message(errno));
    struct stat info = {};
    if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
      ::close(fd_);
      fail(ErrorCode::kIo, "{}: not a regular file", name_);
    }
    size_ = static_cast<std::uint64_t>(info.st_size);
  }
  ~FileSource() override { ::close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::uint64_t size() const override { return size_; }

 private:
  void read_range(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got =
          ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      require(got >= 0, ErrorCode::kIo, "{}: read failed: {}", name_,
              std::generic_category().message(errno));
      require(got > 0, ErrorCode::kDataCorrupt, "{}: the file became shorter while it was read",
              name_);
      done += static_cast<std::size_t>(got);
    }
  }

  std::string name_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }

 private:
  void read_range(std::uint64_t offset, std::span<std::byte> out) const override {
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
  }
  std::vector<std::byte> bytes_;
};

void check_range(const ByteSource& source, std::uint64_t offset, std::uint64_t count) {
  const std::uint64_t size = source.size();
  require(offset <= size && count <= size - offset, ErrorCode::kDataCorrupt,
          "the file ends at byte {}, but {} bytes are needed from byte {}: it is truncated, or a "
          "length field is wrong",
          size, count, offset);
}

}  // namespace

void ByteSource::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  check_range(*this, offset, out.size());
  read_range(offset, out);
}

std::vector<std::byte> ByteSource::read_bytes(std::uint64_t offset, std::uint64_t count) const {
  check_range(*this, offset, count);
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  read_range(offset, bytes);
  return bytes;
}

std::string ByteSource::read_text(std::uint64_t offset, std::uint64_t count) const {
  check_range(*this, offset, count);
  std::string text(static_cast<std::size_t>(count), '\0');
  read_range(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

std::shared_ptr<const ByteSource> ByteSource::open(const std::filesystem::path& path) {
  return std::make_shared<FileSource>(path);
}

std::shared_ptr<const ByteSource> ByteSource::from_memory(std::vector<std::byte> bytes) {
  return std::make_shared<MemorySource>(std::move(bytes));
}

std::shared_ptr<const ByteSource> ByteSource::from_text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return from_memory({bytes.begin(), bytes.end()});
}

}  // namespace nest::io
