#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace nest {

/// Bytes that other code may open by a path although they are in no file system: what a client
/// sent, a member of an archive. They cannot change, nor be truncated, once they are there.
class MemoryFile {
 public:
  /// Errors: Io if there is no room.
  explicit MemoryFile(std::span<const std::byte> bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// Valid in this process while this lives; what was opened or mapped by it stays.
  std::filesystem::path path() const;

 private:
  int descriptor_;
};

}  // namespace nest
