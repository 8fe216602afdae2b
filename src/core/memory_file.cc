#include "nest/core/memory_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nest/core/error.h"

namespace nest {

namespace {

/// Where paths of descriptors are.
constexpr const char* kDescriptors = "/proc/self/fd";

}  // namespace

MemoryFile::MemoryFile(std::span<const std::byte> bytes)
    : descriptor_(::memfd_create("nest", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  require(descriptor_ >= 0, ErrorCode::kIo, "cannot make a file in memory: {}",
          std::generic_category().message(errno));
  if (::access(kDescriptors, X_OK) != 0) {
    ::close(descriptor_);
    fail(ErrorCode::kIo, "{} is not there, where a file in memory has its path; mount /proc",
         kDescriptors);
  }
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int code = errno;
      ::close(descriptor_);
      fail(ErrorCode::kIo, "no room for {} bytes in memory: {}", bytes.size(),
           std::generic_category().message(code));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  ::fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

MemoryFile::~MemoryFile() {
  ::close(descriptor_);
}

std::filesystem::path MemoryFile::path() const {
  return fmt::format("{}/{}", kDescriptors, descriptor_);
}

}  // namespace nest
