#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nest {

/// A file mapped read-only into memory; unmapped when the last owner goes.
class MappedFile {
 public:
  /// Errors: NotFound, Io. An empty file maps to an empty span.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile() = default;
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

/// The whole file as text, without its byte order mark (see core/utf8.h).
/// Errors: NotFound, Io; InvalidArgument above 1 GiB; those of without_byte_order_mark().
std::string read_text_file(const std::filesystem::path& path);

/// The lines of a text file; "\n" or "\r\n" ends a line, the last one may do without.
/// Errors: as read_text_file.
std::vector<std::string> read_lines(const std::filesystem::path& path);

/// Calls `write` with a stream on a temporary file beside the target, then renames it into place.
///
/// The target either keeps its old content or gets the complete new one, with its mode, owner and
/// group where they can be kept; on any error (disk full, exception from `write`) the temporary
/// file is removed. Links are followed: what they lead to is written. A pipe, a device or
/// /dev/stdout is written through, so that part of the text may arrive before an error. Parent
/// folders are created.
/// Errors: Io naming the path, the reason and the remedy; thrown at once by what `write` prints.
void write_file_atomic(const std::filesystem::path& path,
                       const std::function<void(std::ostream&)>& write);
void write_text_file(const std::filesystem::path& path, std::string_view text);
void write_bytes_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace nest
