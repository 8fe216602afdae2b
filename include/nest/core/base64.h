#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nest {

/// RFC 4648 §4 with padding, no line breaks.
std::string base64_encode(std::span<const std::byte> bytes);

/// Errors: DataCorrupt for a foreign character, a wrong length or wrong padding.
std::vector<std::byte> base64_decode(std::string_view text);

}  // namespace nest
