#include "nest/contract/electrode.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace nest::contract {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kRenamed{
    {{"t3", "t7"}, {"t4", "t8"}, {"t5", "p7"}, {"t6", "p8"}}};

bool is_separator(char c) {
  return c == ' ' || c == '-' || c == '_' || c == ':';
}

std::string_view without_ends(std::string_view text) {
  constexpr std::string_view kEnds = " .\t";
  const std::size_t first = text.find_first_not_of(kEnds);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kEnds) - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

std::string_view without_reference(std::string_view text) {
  const std::string small = lower(text);
  for (const std::string_view word : {"ref", "le", "avg", "ar"}) {
    if (small.size() < word.size() + 2 || !small.ends_with(word)) continue;
    const std::size_t at = small.size() - word.size() - 1;
    if (is_separator(small[at])) return without_ends(text.substr(0, at));
  }
  return text;
}

std::string_view other_name(std::string_view plain) {
  for (const auto& [older, newer] : kRenamed) {
    if (plain == older) return newer;
    if (plain == newer) return older;
  }
  return {};
}

/// The rows whose plain label is `plain`: the first, and another one.
std::pair<std::int64_t, std::int64_t> find_plain(std::span<const std::string> labels,
                                                 std::string_view plain) {
  std::pair<std::int64_t, std::int64_t> found{-1, -1};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (plain_electrode(labels[i]) != plain) continue;
    (found.first < 0 ? found.first : found.second) = static_cast<std::int64_t>(i);
    if (found.second >= 0) break;
  }
  return found;
}

}  // namespace

std::string electrode_name(std::string_view label) {
  std::string_view rest = without_ends(label);
  if (rest.size() > 4 && lower(rest.substr(0, 3)) == "eeg" && is_separator(rest[3])) {
    rest = without_ends(rest.substr(4));
  }
  return std::string(without_reference(rest));
}

std::string plain_electrode(std::string_view label) {
  return lower(electrode_name(label));
}

ElectrodeMatch find_electrode(std::span<const std::string> labels, std::string_view wanted) {
  const auto exact = std::find(labels.begin(), labels.end(), wanted);
  if (exact != labels.end()) return {exact - labels.begin()};
  const std::string plain = plain_electrode(wanted);
  ElectrodeMatch match;
  std::tie(match.row, match.rival) = find_plain(labels, plain);
  if (match.row >= 0) return match;
  const std::string_view other = other_name(plain);
  if (other.empty()) return match;
  std::tie(match.row, match.rival) = find_plain(labels, other);
  match.is_alias = match.row >= 0;
  return match;
}

}  // namespace nest::contract
