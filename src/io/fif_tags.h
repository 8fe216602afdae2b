#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "nest/io/byte_source.h"

namespace nest::io {

/// Kinds of tags and blocks of the FIFF format (Elekta Neuromag, "Functional Image File Format"
/// 1.3, and the additions of the MNE software).
namespace fif {
enum Kind : std::int32_t {
  kFileId = 100,
  kBlockStart = 104,
  kBlockEnd = 105,
  kFreeList = 106,
  kRefRole = 115,
  kRefFileNumber = 117,
  kRefFileName = 118,
  kNumChannels = 200,
  kRate = 201,
  kChannelInfo = 203,
  kMeasDate = 204,
  kComment = 206,
  kFirstSample = 208,
  kChannelName = 258,
  kDataBuffer = 300,
  kDataSkip = 301,
  kNameList = 3507,
  kOnsets = 3568,
  kEnds = 3569,
  kAnnotationChannels = 3801,
};
enum Block : std::int32_t {
  kNoBlock = 0,
  kMeasInfo = 101,
  kRawData = 102,
  kContinuousData = 112,
  kChannelExtra = 113,
  kReference = 118,
  kShieldedRawData = 119,
  kBadChannels = 359,
  kAnnotations = 3810,
};
enum Type : std::int32_t {
  kShort = 2,
  kInt = 3,
  kFloat = 4,
  kDouble = 5,
  kPacked16 = 16,
};
}  // namespace fif

/// Big-endian number at `bytes`; the caller has checked the bounds.
template <class T>
T load_be(const std::byte* bytes) {
  std::byte turned[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) turned[i] = bytes[sizeof(T) - 1 - i];
  T value;
  std::memcpy(&value, turned, sizeof value);
  return value;
}

/// One tag, without its data.
struct FifTag {
  std::int32_t kind = 0;
  std::int32_t type = 0;
  std::uint64_t offset = 0;  ///< of its data
  std::uint64_t size = 0;    ///< of its data, in bytes
};

/// Calls `visit(tag, block)` for every tag in order; `block` is the innermost open one.
///
/// Returns what is wrong at the end of a file that stops early, "" for a whole one: the tags before
/// have been visited. Errors: DataCorrupt naming the byte for a tag that cannot be (negative size,
/// a link that leads back).
std::string walk_fif_tags(const ByteSource& source,
                          const std::function<void(const FifTag&, fif::Block)>& visit);

/// Data of a tag as numbers. Errors: DataCorrupt naming tag and byte if it is too short or not of
/// a type that holds such numbers.
std::int32_t fif_int(const ByteSource& source, const FifTag& tag);
double fif_number(const ByteSource& source, const FifTag& tag);
std::vector<double> fif_numbers(const ByteSource& source, const FifTag& tag);

/// Bytes of one sample of a data buffer of this type; 0 if such buffers are not read.
int fif_sample_bytes(std::int32_t type);

/// One sample of a data buffer.
double fif_sample(const std::byte* at, std::int32_t type);

}  // namespace nest::io
