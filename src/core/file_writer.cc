#include "core/file_writer.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <streambuf>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/errno_text.h"
#include "nest/core/error.h"

namespace nest {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_write(const std::string& name, int code) {
  const char* remedy = "choose another place";
  if (code == ENOSPC || code == EDQUOT) remedy = "free some space or choose another folder";
  if (code == EFBIG) remedy = "raise the limit of file sizes (ulimit -f)";
  if (code == EPIPE) remedy = "keep its reader open to the end";
  fail(ErrorCode::kIo, "{}: write failed: {}; {}", name, reason_of(code), remedy);
}

/// The number N of a path that stands for this process's descriptor N, else -1.
int descriptor_of(const fs::path& folder, const fs::path& file) {
  std::error_code ignored;
  const fs::path descriptors = fs::canonical("/proc/self/fd", ignored);
  if (descriptors.empty() || fs::canonical(folder, ignored) != descriptors) return -1;
  int number = -1;
  const std::string name = file.string();
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

struct Target {
  fs::path path;        ///< at the end of all links
  int descriptor = -1;  ///< of this process, if the path stands for one
};

Target resolve(const fs::path& path) {
  constexpr int kMaxLinks = 40;
  Target target{path};
  for (int links = 0; links <= kMaxLinks; ++links) {
    const fs::path folder = target.path.has_parent_path() ? target.path.parent_path() : ".";
    target.descriptor = descriptor_of(folder, target.path.filename());
    std::error_code error;
    if (target.descriptor >= 0 || !fs::is_symlink(fs::symlink_status(target.path, error))) {
      return target;
    }
    const fs::path next = fs::read_symlink(target.path, error);
    require(!error, ErrorCode::kIo, "{}: cannot follow the link: {}", path.string(),
            error.message());
    target.path = folder / next;  // an absolute `next` replaces the folder
  }
  fail(ErrorCode::kIo, "{}: more than {} links lead from one to the next", path.string(),
       kMaxLinks);
}

/// Owner, group and mode of the file that is replaced. A group that cannot be kept gets no more
/// rights than everybody else has.
void keep_rights(int descriptor, const struct stat& old) {
  mode_t mode = old.st_mode & 0777;
  if (::fchown(descriptor, old.st_uid, old.st_gid) != 0 &&
      ::fchown(descriptor, static_cast<uid_t>(-1), old.st_gid) != 0) {
    mode = (mode & 0707) | ((mode & 07) << 3);
  }
  static_cast<void>(::fchmod(descriptor, mode));  // refused by file systems without modes
}

}  // namespace

/// Bytes to a descriptor, in blocks; errors are thrown.
class FileWriter::Buffer final : public std::streambuf {
 public:
  Buffer(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {
    setp(block_.data(), block_.data() + block_.size());
  }
  ~Buffer() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  void close() {
    sync();
    struct stat info = {};
    const bool is_regular = ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode);
    if (is_regular && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) {
      fail_write(name_, errno);
    }
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail_write(name_, errno);
  }

 protected:
  int_type overflow(int_type c) override {
    sync();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* data, std::streamsize count) override {
    if (count < epptr() - pptr()) return std::streambuf::xsputn(data, count);
    sync();
    write_all(data, static_cast<std::size_t>(count));
    return count;
  }
  int sync() override {
    const auto count = static_cast<std::size_t>(pptr() - pbase());
    setp(block_.data(), block_.data() + block_.size());
    write_all(block_.data(), count);
    return 0;
  }

 private:
  void write_all(const char* data, std::size_t count) {
    while (count > 0) {
      const ::ssize_t written = ::write(descriptor_, data, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_write(name_, errno);
      data += written;
      count -= static_cast<std::size_t>(written);
    }
  }

  std::string name_;
  int descriptor_;
  std::array<char, 65536> block_;
};

FileWriter::FileWriter(const fs::path& path) : name_(path.string()), stream_(nullptr) {
  require(!path.empty(), ErrorCode::kIo, "the name of the file to write is empty");
  const Target target = resolve(path);
  struct stat info = {};
  const bool exists = target.descriptor >= 0 || ::stat(target.path.c_str(), &info) == 0;
  require(!S_ISDIR(info.st_mode) && path.has_filename(), ErrorCode::kIo,
          "{}: is a folder, not a file; name a file in it", name_);
  if (exists && !S_ISREG(info.st_mode)) {
    const int descriptor = target.descriptor >= 0
                               ? ::fcntl(target.descriptor, F_DUPFD_CLOEXEC, 0)
                               : ::open(target.path.c_str(), O_WRONLY | O_CLOEXEC);
    require(descriptor >= 0, ErrorCode::kIo, "{}: cannot write: {}", name_, reason_of(errno));
    buffer_ = std::make_unique<Buffer>(name_, descriptor);
  } else {
    const bool may_write = !exists || ::access(target.path.c_str(), W_OK) == 0;
    require(may_write, ErrorCode::kIo,
            "{}: cannot write: {}; allow it (chmod u+w) or choose another name", name_,
            reason_of(errno));
    open_beside(target.path);
    if (exists) keep_rights(buffer_->descriptor(), info);
  }
  stream_.rdbuf(buffer_.get());
  stream_.exceptions(std::ios::badbit);  // what the buffer throws passes through
}

void FileWriter::open_beside(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  const fs::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::error_code error;
  fs::create_directories(folder, error);
  require(!error, ErrorCode::kIo, "{}: cannot create the folder {}: {}", name_, folder.string(),
          error.message());
  int descriptor = -1;
  do {
    temporary_ = folder / fmt::format(".nest-{}-{}.tmp", ::getpid(), counter.fetch_add(1));
    descriptor = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EEXIST);
  require(descriptor >= 0, ErrorCode::kIo,
          "{}: the folder {} takes no new file ({}), and a file is only replaced as a whole; allow "
          "writing to the folder or choose another",
          name_, folder.string(), reason_of(errno));
  target_ = target;
  buffer_ = std::make_unique<Buffer>(name_, descriptor);
}

FileWriter::~FileWriter() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void FileWriter::commit() {
  buffer_->close();
  if (temporary_.empty()) return;
  std::error_code error;
  fs::rename(temporary_, target_, error);
  require(!error, ErrorCode::kIo, "{}: cannot rename into place: {}", name_, error.message());
  temporary_.clear();
}

}  // namespace nest
