#include <algorithm>
#include <ostream>

#include <zlib.h>

#include "io/bytes.h"
#include "io/zip_format.h"
#include "nest/core/hash.h"
#include "nest/io/zip.h"

namespace nest::io {
namespace {

constexpr std::uint16_t kVersionZip64 = 45;
constexpr std::uint16_t kFlagUtf8 = 1 << 11;
constexpr std::uint16_t kDate1980 = 0x0021;      // 1 January 1980: the format's zero
constexpr std::uint16_t kExtraPadding = 0x4246;  // 'FB', as torch.save pads

/// Appends little-endian numbers.
class Record {
 public:
  template <class T>
  Record& put(T value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Record& u16(std::uint64_t v) { return put(static_cast<std::uint16_t>(v)); }
  Record& u32(std::uint64_t v) { return put(static_cast<std::uint32_t>(v)); }
  Record& u64(std::uint64_t v) { return put(v); }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::uint64_t clip32(std::uint64_t value) {
  return std::min<std::uint64_t>(value, zip::kMax32);
}

std::string local_extra(const ZipEntry& entry, std::uint64_t header_offset,
                        std::uint64_t alignment) {
  Record extra;
  if (entry.size >= zip::kMax32 || entry.compressed_size >= zip::kMax32) {
    extra.u16(zip::kExtraZip64).u16(16).u64(entry.size).u64(entry.compressed_size);
  }
  if (alignment <= 1) return extra.text();
  const std::uint64_t begin =
      header_offset + zip::kLocalHeaderSize + entry.name.size() + extra.text().size() + 4;
  const std::uint64_t padding = (alignment - begin % alignment) % alignment;
  return extra.u16(kExtraPadding).u16(padding).text() + std::string(padding, 'Z');
}

std::vector<std::byte> deflate_all(std::span<const std::byte> content) {
  require(content.size() < zip::kMax32, ErrorCode::kInvalidArgument,
          "members of 4 GiB and more are written uncompressed only");
  z_stream stream = {};
  require(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK,
          ErrorCode::kInternal, "zlib failed to start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, deflateEnd);
  std::vector<std::byte> out(deflateBound(&stream, static_cast<uLong>(content.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, ErrorCode::kInternal, "zlib failed");
  out.resize(stream.total_out);
  return out;
}

}  // namespace

void ZipWriter::put(std::string_view bytes) {
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  offset_ += bytes.size();
}

void ZipWriter::add(ZipEntry entry, std::span<const std::byte> stored, std::uint64_t alignment) {
  require(alignment >= 1 && alignment <= 32768, ErrorCode::kInvalidArgument,
          "alignment {} is not within 1 and 32768", alignment);
  require(entry.name.size() < 0xffff, ErrorCode::kInvalidArgument, "member name is too long");
  require(names_.insert(entry.name).second, ErrorCode::kInvalidArgument,
          "member '{}' is added twice", entry.name);
  const std::uint64_t header_offset = offset_;
  const std::string extra = local_extra(entry, header_offset, alignment);
  Record header;
  header.u32(zip::kLocalHeader).u16(kVersionZip64).u16(kFlagUtf8);
  header.u16(entry.is_deflated ? zip::kMethodDeflated : zip::kMethodStored).u16(0).u16(kDate1980);
  header.u32(entry.crc).u32(clip32(entry.compressed_size)).u32(clip32(entry.size));
  header.u16(entry.name.size()).u16(extra.size());
  put(header.text());
  put(entry.name);
  put(extra);
  entry.data_offset = offset_;
  put(as_text(stored));
  members_.push_back({std::move(entry), header_offset});
}

void ZipWriter::add_stored(std::string_view name, std::span<const std::byte> content,
                           std::uint64_t alignment) {
  ZipEntry entry{std::string(name), content.size(), content.size(), 0, crc32(content), false};
  add(std::move(entry), content, alignment);
}

void ZipWriter::add_deflated(std::string_view name, std::span<const std::byte> content) {
  const std::vector<std::byte> packed = deflate_all(content);
  ZipEntry entry{std::string(name), content.size(), packed.size(), 0, crc32(content), true};
  add(std::move(entry), packed, 1);
}

void ZipWriter::put_directory_entry(const Member& member) {
  const ZipEntry& entry = member.entry;
  Record sizes;
  for (const std::uint64_t value : {entry.size, entry.compressed_size, member.header_offset}) {
    if (value >= zip::kMax32) sizes.u64(value);
  }
  Record extra;
  if (!sizes.text().empty()) extra.u16(zip::kExtraZip64).u16(sizes.text().size());
  Record header;
  header.u32(zip::kDirectoryHeader).u16(kVersionZip64).u16(kVersionZip64).u16(kFlagUtf8);
  header.u16(entry.is_deflated ? zip::kMethodDeflated : zip::kMethodStored).u16(0).u16(kDate1980);
  header.u32(entry.crc).u32(clip32(entry.compressed_size)).u32(clip32(entry.size));
  header.u16(entry.name.size()).u16(extra.text().size() + sizes.text().size()).u16(0);
  header.u16(0).u16(0).u32(0).u32(clip32(member.header_offset));
  put(header.text());
  put(entry.name);
  put(extra.text());
  put(sizes.text());
}

void ZipWriter::finish() {
  const std::uint64_t begin = offset_;
  for (const Member& member : members_) put_directory_entry(member);
  const std::uint64_t size = offset_ - begin;
  const std::uint64_t count = members_.size();
  if (count >= 0xffff || begin >= zip::kMax32 || size >= zip::kMax32) {
    const std::uint64_t at = offset_;
    Record end64;
    end64.u32(zip::kEnd64).u64(zip::kEnd64Size - 12).u16(kVersionZip64).u16(kVersionZip64);
    end64.u32(0).u32(0).u64(count).u64(count).u64(size).u64(begin);
    end64.u32(zip::kEnd64Locator).u32(0).u64(at).u32(1);
    put(end64.text());
  }
  const std::uint64_t count16 = std::min<std::uint64_t>(count, 0xffff);
  Record end;
  end.u32(zip::kEnd).u16(0).u16(0).u16(count16).u16(count16);
  end.u32(clip32(size)).u32(clip32(begin)).u16(0);
  put(end.text());
}

}  // namespace nest::io
