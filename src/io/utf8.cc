#include "io/utf8.h"

#include <cstddef>
#include <cstdint>

namespace nest::io {
namespace {

struct Lead {
  std::size_t size = 0;  ///< bytes in all; 0: not a lead byte
  std::uint32_t bits = 0;
  std::uint32_t smallest = 0;  ///< code points below are overlong
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if ((byte & 0xe0) == 0xc0) return {2, byte & 0x1fu, 0x80};
  if ((byte & 0xf0) == 0xe0) return {3, byte & 0x0fu, 0x800};
  if ((byte & 0xf8) == 0xf0) return {4, byte & 0x07u, 0x10000};
  return {};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Lead lead = lead_of(static_cast<std::uint8_t>(text[i]));
    if (lead.size == 0 || text.size() - i < lead.size) return false;
    std::uint32_t point = lead.bits;
    for (std::size_t k = 1; k < lead.size; ++k) {
      const auto byte = static_cast<std::uint8_t>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      point = (point << 6) | (byte & 0x3fu);
    }
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < lead.smallest || point > 0x10ffff || is_surrogate) return false;
    i += lead.size;
  }
  return true;
}

}  // namespace nest::io
