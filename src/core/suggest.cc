#include "nest/core/suggest.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace nest {

std::size_t name_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::move(last);
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

std::string nearest_name(std::string_view name, std::span<const std::string> known) {
  constexpr std::size_t kShortest = 3;   // shorter ones are near to everything
  constexpr std::size_t kLongest = 100;  // longer ones are no slips
  std::string nearest;
  if (name.size() < kShortest || name.size() > kLongest) return nearest;
  std::size_t fewest = name.size() / 3 + 1;
  for (const std::string& candidate : known) {
    const std::size_t edits = name_distance(name, candidate);
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) return nearest;
  for (const std::string& candidate : known) {
    if (candidate.size() < kShortest) continue;
    if (candidate.starts_with(name) || name.starts_with(candidate)) return candidate;
  }
  return "";
}

std::string suggestion(std::string_view name, std::span<const std::string> known) {
  const std::string nearest = nearest_name(name, known);
  return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace nest
