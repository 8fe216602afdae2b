#include "package/package_files.h"

#include <algorithm>
#include <cstring>
#include <streambuf>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/io/byte_source.h"
#include "nest/io/zip.h"

namespace nest::package {
namespace {

namespace fs = std::filesystem;

/// Read, not mapped: a file that shrinks meanwhile is an error, no signal.
std::vector<std::byte> read_all(const fs::path& file) {
  const auto source = io::ByteSource::open(file);
  return source->read_bytes(0, source->size());
}

class FolderFiles final : public PackageFiles {
 public:
  explicit FolderFiles(fs::path folder) : folder_(std::move(folder)) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_)) {
      const std::string name = fs::relative(entry.path(), folder_).generic_string();
      if (entry.is_symlink() || !(entry.is_regular_file() || entry.is_directory())) {
        problem_ = name + " is a link or no file, which a package does not have";
      } else if (entry.is_regular_file()) {
        names_.push_back(name);
      }
    }
    std::sort(names_.begin(), names_.end());
  }
  std::vector<std::string> names() const override { return names_; }
  std::vector<std::byte> read(const std::string& name) const override {
    require(std::binary_search(names_.begin(), names_.end(), name), ErrorCode::kNotFound,
            "{}: no such file", (folder_ / name).string());
    return read_all(folder_ / name);
  }
  std::string problem() const override { return problem_; }

 private:
  fs::path folder_;
  std::vector<std::string> names_;
  std::string problem_;
};

/// Compares what is written to it with bytes that are there.
class Comparison final : public std::streambuf {
 public:
  explicit Comparison(std::span<const std::byte> wanted) : wanted_(wanted) {}
  bool is_equal() const { return is_equal_ && at_ == wanted_.size(); }

 protected:
  std::streamsize xsputn(const char* data, std::streamsize count) override {
    const auto size = static_cast<std::size_t>(count);
    is_equal_ = is_equal_ && size <= wanted_.size() - at_ &&
                (size == 0 || std::memcmp(wanted_.data() + at_, data, size) == 0);
    if (is_equal_) at_ += size;
    return count;
  }
  int_type overflow(int_type c) override {
    const char byte = traits_type::to_char_type(c);
    xsputn(&byte, 1);
    return traits_type::not_eof(c);
  }

 private:
  std::span<const std::byte> wanted_;
  std::size_t at_ = 0;
  bool is_equal_ = true;
};

class ArchiveFiles final : public PackageFiles {
 public:
  ArchiveFiles(std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), zip_(bytes, std::move(owner)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const io::ZipEntry& entry : zip_.entries()) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::byte> read(const std::string& name) const override {
    const io::ZipEntry* entry = zip_.find(name);
    require(entry != nullptr, ErrorCode::kNotFound, "the archive has no {}", name);
    return zip_.read(*entry, bytes_.size());
  }
  /// Writes the archive anew from its members: any byte between them shows.
  std::string problem() const override {
    Comparison comparison(bytes_);
    std::ostream out(&comparison);
    io::ZipWriter writer(out);
    for (const io::ZipEntry& entry : zip_.entries()) {
      if (entry.is_deflated || !entry.problem.empty())
        return entry.name + " is not stored as it is, as in an archive of this program";
      writer.add_stored(entry.name, zip_.mapped(entry), kAlignmentInArchive);
    }
    writer.finish();
    return comparison.is_equal() ? "" : "the archive has bytes that belong to none of its files";
  }

 private:
  std::span<const std::byte> bytes_;
  io::ZipReader zip_;
};

}  // namespace

std::unique_ptr<const PackageFiles> PackageFiles::open(const fs::path& path) {
  if (fs::is_directory(path)) return std::make_unique<FolderFiles>(path);
  const auto bytes = std::make_shared<const std::vector<std::byte>>(read_all(path));
  require(io::is_zip(*bytes), ErrorCode::kDataCorrupt,
          "{}: is neither a package's folder nor its archive; nest package writes both",
          path.string());
  return with_context(path.string(), [&] { return std::make_unique<ArchiveFiles>(*bytes, bytes); });
}

std::unique_ptr<const PackageFiles> PackageFiles::open_archive(std::span<const std::byte> bytes) {
  return std::make_unique<ArchiveFiles>(bytes, nullptr);
}

void require_replaceable(const std::filesystem::path& folder, const char* mark, const char* kind) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored) || std::filesystem::is_empty(folder, ignored))
    return;
  require(std::filesystem::exists(folder / mark, ignored), ErrorCode::kInvalidArgument,
          "{} holds something that is no {}; choose another folder or empty it", folder.string(),
          kind);
}

std::string manifest_hash_line(std::span<const std::byte> manifest) {
  return fmt::format("{}  {}\n", sha256_hex(manifest), kManifestFile);
}

void write_archive(const fs::path& folder, const fs::path& archive) {
  const FolderFiles files(folder);
  std::vector<std::string> names = files.names();
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name == kManifestFile; });
  write_file_atomic(archive, [&](std::ostream& out) {
    io::ZipWriter writer(out);
    for (const std::string& name : names)
      writer.add_stored(name, files.read(name), kAlignmentInArchive);
    writer.finish();
  });
}

}  // namespace nest::package
