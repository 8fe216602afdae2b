#include "nest/compress/pattern.h"

#include <charconv>

#include "nest/core/field_error.h"

namespace nest::compress {
namespace {

constexpr std::int64_t kLongestGroup = 64;

/// -1 if it is no number.
std::int64_t number_of(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

}  // namespace

PrunePattern pattern_from_text(std::string_view text) {
  if (text == "element") return {};
  if (text == "block") return {PrunePattern::Kind::kBlock};
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::int64_t n = number_of(text.substr(0, colon)), m = number_of(text.substr(colon + 1));
    if (n > 0 && n < m && m <= kLongestGroup) return {PrunePattern::Kind::kNOfM, n, m};
  }
  fail_field("pattern",
             "is '{}'; it must be element, block, or N:M with 0 < N < M <= {}, as in 2:4", text,
             kLongestGroup);
}

}  // namespace nest::compress
