#include "io/fif_tags.h"

#include <algorithm>

#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr std::uint64_t kHeaderBytes = 16;
constexpr std::size_t kMaxDepth = 64;

}  // namespace

std::string walk_fif_tags(const ByteSource& source,
                          const std::function<void(const FifTag&, fif::Block)>& visit) {
  std::vector<std::int32_t> blocks;
  std::uint64_t at = 0;
  while (at < source.size()) {
    if (source.size() - at < kHeaderBytes) {
      return fmt::format("truncated: the file ends inside the tag at byte {}", at);
    }
    const auto header = source.read_bytes(at, kHeaderBytes);
    FifTag tag{load_be<std::int32_t>(header.data()), load_be<std::int32_t>(header.data() + 4),
               at + kHeaderBytes, 0};
    const auto size = load_be<std::int32_t>(header.data() + 8);
    const auto next = load_be<std::int32_t>(header.data() + 12);
    require(size >= 0, ErrorCode::kDataCorrupt, "byte {}: tag {} has a size of {}", at, tag.kind,
            size);
    tag.size = static_cast<std::uint64_t>(size);
    if (tag.size > source.size() - tag.offset) {
      return fmt::format("truncated: tag {} at byte {} holds {} bytes, the file has {} behind it",
                         tag.kind, at, tag.size, source.size() - tag.offset);
    }
    if (tag.kind == fif::kBlockStart) {
      require(blocks.size() < kMaxDepth, ErrorCode::kDataCorrupt,
              "byte {}: blocks nest deeper than {}", at, kMaxDepth);
      blocks.push_back(fif_int(source, tag));
    } else if (tag.kind == fif::kBlockEnd) {
      if (!blocks.empty()) blocks.pop_back();
    } else {
      visit(tag, static_cast<fif::Block>(blocks.empty() ? fif::kNoBlock : blocks.back()));
    }
    if (next < 0) break;
    const std::uint64_t behind = tag.offset + tag.size;
    const std::uint64_t link = next == 0 ? behind : static_cast<std::uint64_t>(next);
    require(link >= behind, ErrorCode::kDataCorrupt,
            "byte {}: tag {} says that the next one is at byte {}, before its own end {}", at,
            tag.kind, link, behind);
    at = link;
  }
  return "";
}

std::int32_t fif_int(const ByteSource& source, const FifTag& tag) {
  require(tag.size >= 4, ErrorCode::kDataCorrupt, "byte {}: tag {} holds {} bytes, not a number",
          tag.offset, tag.kind, tag.size);
  return load_be<std::int32_t>(source.read_bytes(tag.offset, 4).data());
}

double fif_number(const ByteSource& source, const FifTag& tag) {
  const std::vector<double> numbers = fif_numbers(source, tag);
  require(!numbers.empty(), ErrorCode::kDataCorrupt, "byte {}: tag {} is empty, not a number",
          tag.offset, tag.kind);
  return numbers.front();
}

std::vector<double> fif_numbers(const ByteSource& source, const FifTag& tag) {
  // The upper half of the type describes matrices; their dimensions stand behind the values.
  const std::int32_t type = tag.type & 0xFFFF;
  const int width = fif_sample_bytes(type);
  require(width > 0, ErrorCode::kDataCorrupt, "byte {}: tag {} has type {}, which is no number",
          tag.offset, tag.kind, tag.type);
  const auto bytes = source.read_bytes(tag.offset, tag.size);
  std::vector<double> numbers(bytes.size() / static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = fif_sample(bytes.data() + i * static_cast<std::size_t>(width), type);
  }
  return numbers;
}

int fif_sample_bytes(std::int32_t type) {
  switch (type) {
    case fif::kShort:
    case fif::kPacked16:
      return 2;
    case fif::kInt:
    case fif::kFloat:
      return 4;
    case fif::kDouble:
      return 8;
    default:
      return 0;
  }
}

double fif_sample(const std::byte* at, std::int32_t type) {
  switch (type) {
    case fif::kShort:
    case fif::kPacked16:
      return load_be<std::int16_t>(at);
    case fif::kInt:
      return load_be<std::int32_t>(at);
    case fif::kFloat:
      return static_cast<double>(load_be<float>(at));
    default:
      return load_be<double>(at);
  }
}

}  // namespace nest::io
