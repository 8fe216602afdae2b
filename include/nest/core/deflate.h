#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Texts inside files, as zlib streams (RFC 1950).
namespace nest {

std::string deflated(std::string_view text);
/// Errors: DataCorrupt if the stream is damaged, or stands for more than `limit` bytes.
std::string inflated(std::string_view packed, std::size_t limit);

}  // namespace nest
