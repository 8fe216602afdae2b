#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include <zlib.h>

#include "io/bytes.h"
#include "io/zip_format.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/io/zip.h"

namespace nest::io {
namespace {

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t count = 0;
  std::uint64_t end = 0;  ///< where the end records begin
};

std::uint64_t find_end_record(std::span<const std::byte> file) {
  constexpr std::uint64_t kMaxComment = 65535;
  require(file.size() >= zip::kEndSize, ErrorCode::kDataCorrupt,
          "truncated: {} bytes are too few for a ZIP archive", file.size());
  const std::uint64_t last = file.size() - zip::kEndSize;
  const std::uint64_t first = last > kMaxComment ? last - kMaxComment : 0;
  for (std::uint64_t at = last + 1; at-- > first;) {
    if (load_le<std::uint32_t>(file, at, "ZIP end record") == zip::kEnd &&
        load_le<std::uint16_t>(file, at + 20, "ZIP comment") == last - at) {
      return at;
    }
  }
  fail(ErrorCode::kDataCorrupt,
       "the ZIP directory is missing: the file is truncated or not a ZIP archive");
}

Directory read_zip64_end(std::span<const std::byte> file, std::uint64_t locator) {
  const auto at = load_le<std::uint64_t>(file, locator + 8, "ZIP64 locator");
  const auto record = slice(file, at, zip::kEnd64Size, "ZIP64 end record");
  require(load_le<std::uint32_t>(record, 0, "ZIP64 end record") == zip::kEnd64,
          ErrorCode::kDataCorrupt, "the ZIP64 end record has a wrong signature");
  return {load_le<std::uint64_t>(record, 48, "directory offset"),
          load_le<std::uint64_t>(record, 40, "directory size"),
          load_le<std::uint64_t>(record, 32, "member count"), at};
}

Directory find_directory(std::span<const std::byte> file) {
  const std::uint64_t end = find_end_record(file);
  const auto record = slice(file, end, zip::kEndSize, "ZIP end record");
  const auto disk = load_le<std::uint16_t>(record, 4, "disk number");
  require(disk == 0 || disk == 0xffff, ErrorCode::kUnsupported,
          "ZIP archives over several disks are not supported");
  Directory directory{load_le<std::uint32_t>(record, 16, "directory offset"),
                      load_le<std::uint32_t>(record, 12, "directory size"),
                      load_le<std::uint16_t>(record, 10, "member count"), end};
  const std::uint64_t locator = end - std::min(end, zip::kEnd64LocatorSize);
  if (end >= zip::kEnd64LocatorSize &&
      load_le<std::uint32_t>(file, locator, "ZIP64 locator") == zip::kEnd64Locator) {
    directory = read_zip64_end(file, locator);
  }
  require(directory.offset <= directory.end && directory.size <= directory.end - directory.offset,
          ErrorCode::kDataCorrupt, "the ZIP directory ({} bytes at {}) does not fit into the file",
          directory.size, directory.offset);
  require(directory.count <= directory.size / zip::kDirectoryHeaderSize, ErrorCode::kDataCorrupt,
          "{} members cannot fit into a ZIP directory of {} bytes", directory.count,
          directory.size);
  return directory;
}

/// Replaces the 32-bit fields that say "see the ZIP64 extra field".
void apply_zip64(std::span<const std::byte> extra, ZipEntry& entry, std::uint64_t& local) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const auto id = load_le<std::uint16_t>(extra, at, "extra field");
    const auto length = load_le<std::uint16_t>(extra, at + 2, "extra field");
    const auto body = slice(extra, at + 4, length, "extra field");
    at += 4u + length;
    if (id != zip::kExtraZip64) continue;
    std::size_t next = 0;
    for (std::uint64_t* field : {&entry.size, &entry.compressed_size, &local}) {
      if (*field != zip::kMax32) continue;
      *field = load_le<std::uint64_t>(body, next, "ZIP64 extra field");
      next += 8;
    }
  }
}

/// Sets data_offset from the local header, which has lengths of its own.
void locate_data(std::span<const std::byte> file, std::uint64_t local, ZipEntry& entry) {
  const auto header = slice(file, local, zip::kLocalHeaderSize, "local header");
  require(load_le<std::uint32_t>(header, 0, "local header") == zip::kLocalHeader,
          ErrorCode::kDataCorrupt, "no local header at offset {}", local);
  const auto name_size = load_le<std::uint16_t>(header, 26, "name length");
  const auto extra_size = load_le<std::uint16_t>(header, 28, "extra length");
  const auto name = slice(file, local + zip::kLocalHeaderSize, name_size, "member name");
  require(as_text(name) == entry.name, ErrorCode::kDataCorrupt,
          "the local header has another name: '{}'", printable(as_text(name)));
  entry.data_offset = local + zip::kLocalHeaderSize + name_size + extra_size;
  slice(file, entry.data_offset, entry.compressed_size, "member content");
}

/// One directory record at `at`, which is moved behind it.
ZipEntry read_entry(std::span<const std::byte> file, std::span<const std::byte> directory,
                    std::uint64_t& at, std::uint64_t& local) {
  const auto header = slice(directory, at, zip::kDirectoryHeaderSize, "ZIP directory record");
  require(load_le<std::uint32_t>(header, 0, "signature") == zip::kDirectoryHeader,
          ErrorCode::kDataCorrupt, "ZIP directory record at {} has a wrong signature", at);
  const auto flags = load_le<std::uint16_t>(header, 8, "flags");
  const auto method = load_le<std::uint16_t>(header, 10, "method");
  const std::uint64_t name_size = load_le<std::uint16_t>(header, 28, "name length");
  const std::uint64_t extra_size = load_le<std::uint16_t>(header, 30, "extra length");
  const std::uint64_t comment_size = load_le<std::uint16_t>(header, 32, "comment length");
  ZipEntry entry;
  entry.name = as_text(slice(directory, at + header.size(), name_size, "member name"));
  entry.crc = load_le<std::uint32_t>(header, 16, "CRC");
  entry.compressed_size = load_le<std::uint32_t>(header, 20, "size");
  entry.size = load_le<std::uint32_t>(header, 24, "size");
  entry.is_deflated = method == zip::kMethodDeflated;
  local = load_le<std::uint32_t>(header, 42, "offset");
  const auto extra = slice(directory, at + header.size() + name_size, extra_size, "extra fields");
  at += header.size() + name_size + extra_size + comment_size;
  with_context(fmt::format("member '{}'", printable(entry.name)), [&] {
    const bool is_stored = method == zip::kMethodStored;
    if ((flags & 1) != 0) {
      entry.problem = "encrypted members are not supported";
    } else if (!is_stored && !entry.is_deflated) {
      entry.problem =
          fmt::format("compression method {} is not supported (stored and deflate are)", method);
    }
    apply_zip64(extra, entry, local);
    locate_data(file, local, entry);
    require(!is_stored || !entry.problem.empty() || entry.size == entry.compressed_size,
            ErrorCode::kDataCorrupt, "stored, but its sizes {} and {} differ", entry.size,
            entry.compressed_size);
  });
  return entry;
}

void inflate_into(std::span<const std::byte> from, std::span<std::byte> to) {
  constexpr std::size_t kPart = std::size_t{1} << 30;  // zlib counts in 32 bits
  z_stream stream = {};
  require(inflateInit2(&stream, -MAX_WBITS) == Z_OK, ErrorCode::kInternal, "zlib failed to start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::byte overrun{};
  std::size_t read = 0, written = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t in = std::min(kPart, from.size() - read);
    const std::size_t out = std::min(kPart, to.size() - written);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data() + read));
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef*>(out > 0 ? to.data() + written : &overrun);
    stream.avail_out = out > 0 ? static_cast<uInt>(out) : 1;
    status = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    const bool is_overrun = out == 0 && stream.avail_out == 0;
    require(!is_overrun, ErrorCode::kDataCorrupt,
            "the content is longer than the {} bytes announced", to.size());
    if (out > 0) written += out - stream.avail_out;
  }
  require(status == Z_STREAM_END && written == to.size(), ErrorCode::kDataCorrupt,
          "the compressed content is damaged ({} of {} bytes came out)", written, to.size());
}

void check_readable(const ZipEntry& entry) {
  require(entry.problem.empty(), ErrorCode::kUnsupported, "member '{}': {}", printable(entry.name),
          entry.problem);
}

}  // namespace

bool is_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 &&
         (as_text(bytes).starts_with("PK\x03\x04") || as_text(bytes).starts_with("PK\x05\x06"));
}

ZipReader ZipReader::open(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return with_context(path.string(), [&] { return ZipReader(file->bytes(), file); });
}

ZipReader::ZipReader(std::span<const std::byte> file, std::shared_ptr<const void> owner)
    : file_(file), owner_(std::move(owner)) {
  const Directory where = find_directory(file);
  const auto directory = slice(file, where.offset, where.size, "ZIP directory");
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  std::uint64_t at = 0, expanded = 0;
  for (std::uint64_t i = 0; i < where.count; ++i) {
    std::uint64_t local = 0;
    ZipEntry entry = read_entry(file, directory, at, local);
    const std::uint64_t end = entry.data_offset + entry.compressed_size;
    require(end <= where.offset, ErrorCode::kDataCorrupt,
            "member '{}' reaches into the ZIP directory", printable(entry.name));
    ranges.emplace_back(local, end);
    const std::uint64_t grown = entry.is_deflated ? entry.size : 0;
    require(grown <= std::numeric_limits<std::uint64_t>::max() - expanded, ErrorCode::kDataCorrupt,
            "the sizes in the ZIP directory overflow");
    expanded += grown;
    require(by_name_.emplace(entry.name, entries_.size()).second, ErrorCode::kDataCorrupt,
            "member '{}' occurs twice", printable(entry.name));
    entries_.push_back(std::move(entry));
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    require(ranges[i - 1].second <= ranges[i].first, ErrorCode::kDataCorrupt,
            "members overlap at offset {}", ranges[i].first);
  }
  const std::uint64_t limit = std::max<std::uint64_t>(64u << 20, kZipMaxExpansion * file.size());
  require(expanded <= limit, ErrorCode::kDataCorrupt,
          "refused as a zip bomb: {} bytes would expand to {}, the limit is {}", file.size(),
          expanded, limit);
}

const ZipEntry* ZipReader::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : &entries_[it->second];
}

const ZipEntry& ZipReader::at(std::string_view name) const {
  const ZipEntry* entry = find(name);
  require(entry != nullptr, ErrorCode::kDataCorrupt, "the archive has no member '{}'",
          printable(name));
  return *entry;
}

std::span<const std::byte> ZipReader::mapped(const ZipEntry& entry) const {
  check_readable(entry);
  require(!entry.is_deflated, ErrorCode::kInvalidArgument,
          "member '{}' is compressed and cannot be mapped", printable(entry.name));
  return file_.subspan(entry.data_offset, entry.size);
}

void ZipReader::read_into(const ZipEntry& entry, std::span<std::byte> out) const {
  require(out.size() == entry.size, ErrorCode::kInvalidArgument,
          "member '{}' has {} bytes, the buffer {}", printable(entry.name), entry.size, out.size());
  check_readable(entry);
  with_context(fmt::format("member '{}'", printable(entry.name)), [&] {
    const auto stored = file_.subspan(entry.data_offset, entry.compressed_size);
    if (entry.is_deflated) {
      inflate_into(stored, out);
    } else if (!out.empty()) {
      std::memcpy(out.data(), stored.data(), out.size());
    }
    require(crc32(out) == entry.crc, ErrorCode::kDataCorrupt,
            "checksum mismatch: the content is damaged");
  });
}

std::vector<std::byte> ZipReader::read(const ZipEntry& entry, std::uint64_t limit) const {
  require(entry.size <= limit, ErrorCode::kDataCorrupt, "member '{}' has {} bytes, the limit is {}",
          printable(entry.name), entry.size, limit);
  std::vector<std::byte> content(entry.size);
  read_into(entry, content);
  return content;
}

void ZipReader::check_crc(const ZipEntry& entry) const {
  require(crc32(mapped(entry)) == entry.crc, ErrorCode::kDataCorrupt,
          "member '{}': checksum mismatch: the content is damaged", printable(entry.name));
}

}  // namespace nest::io
