#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nest::compress {

/// What is pruned as a whole.
struct PrunePattern {
  enum class Kind : std::uint8_t {
    kElement,
    kBlock,  ///< graph::kSparseBlockRows x kSparseBlockColumns, which the runtime skips
    kNOfM,   ///< of `m` inputs in a row `n` stay at most ("2:4")
  };
  Kind kind = Kind::kElement;
  std::int64_t n = 0;
  std::int64_t m = 0;

  friend bool operator==(const PrunePattern&, const PrunePattern&) = default;
};

/// "element", "block" or "N:M" with 0 < N < M <= 64. Errors: FieldError of `pattern`.
PrunePattern pattern_from_text(std::string_view text);

}  // namespace nest::compress
