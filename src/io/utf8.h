#pragma once

#include <string_view>

namespace nest::io {

/// True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

}  // namespace nest::io
