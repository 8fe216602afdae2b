#include "nest/core/deflate.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "nest/core/error.h"

namespace nest {
namespace {

constexpr std::size_t kAtOnce = std::numeric_limits<uInt>::max();  // zlib counts in 32 bits

const Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<const Bytef*>(text.data());
}

}  // namespace

std::string deflated(std::string_view text) {
  require(text.size() <= kAtOnce, ErrorCode::kInvalidArgument, "{} bytes, the limit is {}",
          text.size(), kAtOnce);
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string packed(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(packed.data()), &size, bytes_of(text),
                               static_cast<uLong>(text.size()), Z_BEST_COMPRESSION);
  require(status == Z_OK, ErrorCode::kInternal, "zlib failed ({})", status);
  packed.resize(size);
  return packed;
}

std::string inflated(std::string_view packed, std::size_t limit) {
  // A stream says nothing of its length: twice as much room until it fits.
  std::string text;
  for (std::size_t room = std::max<std::size_t>(4 * packed.size(), 1024);; room *= 2) {
    text.resize(std::min(room, limit));
    uLongf size = text.size();
    const int status = uncompress(reinterpret_cast<Bytef*>(text.data()), &size, bytes_of(packed),
                                  static_cast<uLong>(packed.size()));
    if (status == Z_BUF_ERROR && text.size() < limit) continue;
    require(status != Z_BUF_ERROR, ErrorCode::kDataCorrupt,
            "compressed text is cut short, or has more than {} bytes", limit);
    require(status == Z_OK, ErrorCode::kDataCorrupt, "compressed text is damaged (zlib: {})",
            status);
    text.resize(size);
    return text;
  }
}

}  // namespace nest
