#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nest::io {

/// Random access to the bytes of one file, without holding them in memory.
///
/// Every parser of this module reads through it, so the same code runs on files, on buffers in
/// tests, and under the fuzzer.
/// State: thread-safe; reads carry their own offset.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills `out` from `offset`.
  /// Errors: DataCorrupt naming offset, wanted and present bytes if the range leaves the file; Io.
  void read_at(std::uint64_t offset, std::span<std::byte> out) const;
  /// The bytes [offset, offset + count); the range is checked before anything is allocated.
  std::vector<std::byte> read_bytes(std::uint64_t offset, std::uint64_t count) const;
  std::string read_text(std::uint64_t offset, std::uint64_t count) const;

  /// Opens by path; reads with pread, so a file that shrinks under the reader is an error, no
  /// signal. Errors: NotFound, Io.
  static std::shared_ptr<const ByteSource> open(const std::filesystem::path& path);
  static std::shared_ptr<const ByteSource> from_memory(std::vector<std::byte> bytes);
  static std::shared_ptr<const ByteSource> from_text(std::string_view text);

 private:
  virtual void read_range(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

/// Little-endian scalar at a byte position of a buffer; the caller has checked the bounds.
template <class T>
T load_le(const std::byte* bytes) {
  T value;
  __builtin_memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace nest::io
