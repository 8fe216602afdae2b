#pragma once

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

namespace nest {

/// A file on its way to its place; see write_file_atomic() for the rules.
///
/// Regular files are written beside their target and put in place by commit(); without it the
/// target stays as it was. Everything else (pipe, device, an open descriptor under /dev/fd) is
/// written through as the text comes.
class FileWriter {
 public:
  /// Errors: Io naming the path and the reason.
  explicit FileWriter(const std::filesystem::path& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  /// A write that fails throws Error(kIo) through whatever prints to the stream.
  std::ostream& stream() { return stream_; }
  /// All of it is on the disk, or with its reader, afterwards. Errors: Io.
  void commit();

 private:
  class Buffer;

  void open_beside(const std::filesystem::path& target);

  std::string name_;  ///< as the caller knows it
  std::filesystem::path target_;
  std::filesystem::path temporary_;  ///< empty: written through
  std::unique_ptr<Buffer> buffer_;
  std::ostream stream_;
};

}  // namespace nest
