#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nest::package {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kManifestHashFile = "manifest.sha256";
inline constexpr const char* kSignatureFile = "manifest.sig";
inline constexpr std::uint64_t kAlignmentInArchive = 64;  ///< of the contents

/// The files of a package, in a folder or in an archive. State: immutable.
class PackageFiles {
 public:
  virtual ~PackageFiles() = default;
  /// Relative names with "/", sorted.
  virtual std::vector<std::string> names() const = 0;
  /// Errors: NotFound, Io, DataCorrupt.
  virtual std::vector<std::byte> read(const std::string& name) const = 0;
  /// What is wrong around the files themselves: a link, bytes between members. "" if nothing.
  virtual std::string problem() const = 0;

  /// A folder or an archive. Errors: NotFound, Io; DataCorrupt if it is neither.
  static std::unique_ptr<const PackageFiles> open(const std::filesystem::path& path);
  /// An archive in memory, which the caller keeps.
  static std::unique_ptr<const PackageFiles> open_archive(std::span<const std::byte> bytes);
};

/// Whether `folder` may be written over: it is not there, empty, or holds `mark`, the file of every
/// `kind` of thing. Errors: InvalidArgument.
void require_replaceable(const std::filesystem::path& folder, const char* mark, const char* kind);

/// "<hash>  manifest.json\n"
std::string manifest_hash_line(std::span<const std::byte> manifest);

/// Packs a package's folder into one file that holds its files as they are, manifest first; the
/// same files give the same bytes; atomic. Errors: Io.
void write_archive(const std::filesystem::path& folder, const std::filesystem::path& archive);

}  // namespace nest::package
