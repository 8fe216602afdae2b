#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nest::io {

/// Largest expansion of deflated entries that is believed: 64 MiB, or this many times the file.
inline constexpr std::uint64_t kZipMaxExpansion = 32;

/// One member of an archive.
struct ZipEntry {
  std::string name;
  std::uint64_t size = 0;             ///< of the content, in bytes
  std::uint64_t compressed_size = 0;  ///< as stored in the file
  std::uint64_t data_offset = 0;      ///< of the stored bytes, from the start of the file
  std::uint32_t crc = 0;
  bool is_deflated = false;
  std::string problem = {};  ///< why its content cannot be read, "" if it can
};

/// Reads ZIP archives (stored and deflated members, ZIP64) from memory.
///
/// The whole directory is checked when the archive is opened: every range lies within the file,
/// no two members overlap, no name occurs twice, and the deflated members together do not expand
/// beyond kZipMaxExpansion; so neither quines nor bombs are ever inflated. A member that is
/// encrypted or packed by another method is an error only when it is read (Unsupported).
/// State: immutable, safe to share between threads.
/// Source: PKWARE APPNOTE 6.3.10.
class ZipReader {
 public:
  /// Maps the file. Errors: NotFound, Io, DataCorrupt, Unsupported (several disks).
  static ZipReader open(const std::filesystem::path& path);
  /// `owner` keeps `file` alive; it may be null if the caller does.
  ZipReader(std::span<const std::byte> file, std::shared_ptr<const void> owner);

  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// Null if there is no such member.
  const ZipEntry* find(std::string_view name) const;
  /// Errors: DataCorrupt naming the missing member.
  const ZipEntry& at(std::string_view name) const;

  /// The bytes of a stored (not deflated) member where they lie. Errors: InvalidArgument.
  std::span<const std::byte> mapped(const ZipEntry& entry) const;
  /// The content, inflated if need be; length and CRC-32 are checked.
  /// Errors: DataCorrupt; DataCorrupt above `limit` bytes.
  std::vector<std::byte> read(const ZipEntry& entry, std::uint64_t limit) const;
  /// As read(), into a buffer of exactly entry.size bytes.
  void read_into(const ZipEntry& entry, std::span<std::byte> out) const;
  /// Errors: DataCorrupt if the content of a stored member does not have its CRC-32.
  void check_crc(const ZipEntry& entry) const;

  /// Keeps the archive's bytes alive; for tensors that point into them.
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  std::span<const std::byte> file_;
  std::shared_ptr<const void> owner_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

/// True if the bytes begin like a ZIP archive.
bool is_zip(std::span<const std::byte> bytes);

/// Writes a ZIP archive to a stream, member by member; ZIP64 where sizes ask for it.
///
/// The same members give the same bytes (no time stamps).
class ZipWriter {
 public:
  explicit ZipWriter(std::ostream& out) : out_(out) {}

  /// Adds a member whose content starts at a multiple of `alignment` in the file.
  /// Errors: InvalidArgument for a name used twice.
  void add_stored(std::string_view name, std::span<const std::byte> content,
                  std::uint64_t alignment = 1);
  void add_deflated(std::string_view name, std::span<const std::byte> content);
  /// Writes the directory; nothing may be added after it.
  void finish();

 private:
  struct Member {
    ZipEntry entry;
    std::uint64_t header_offset = 0;
  };
  void add(ZipEntry entry, std::span<const std::byte> stored, std::uint64_t alignment);
  void put(std::string_view bytes);
  void put_directory_entry(const Member& member);

  std::ostream& out_;
  std::uint64_t offset_ = 0;
  std::vector<Member> members_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace nest::io
