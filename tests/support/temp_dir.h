#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

namespace nest::test {

/// A folder of its own for one test; removed at the end.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "nest-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot create " << name;
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Writes a file without the care (and the wait for the disk) of write_text_file; for tests that
/// try thousands of damaged copies.
inline void write_carelessly(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::remove(path);  // overwriting in place makes some file systems wait as well
  std::ofstream(path, std::ios::binary)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// A folder of this process alone, for files whose names need not differ from those of the same
/// test in another process; removed at the end.
inline const std::filesystem::path& process_temp_dir() {
  static const TempDir dir;
  return dir.path();
}

}  // namespace nest::test
