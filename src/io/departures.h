#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "nest/core/utf8.h"

namespace nest::io {

/// Departures from a format that cost one item each, as one line a kind: how many there are and
/// where the first ones stand. A file of ten thousand bad markers must not say so ten thousand
/// times.
class Departures {
 public:
  void add(std::string_view kind, std::string place) {
    const auto found = std::find_if(kinds_.begin(), kinds_.end(),
                                    [&](const Kind& known) { return known.name == kind; });
    Kind& entry = found != kinds_.end() ? *found : kinds_.emplace_back(Kind{std::string(kind)});
    if (entry.places.size() < kShown) entry.places.push_back(std::move(place));
    ++entry.count;
  }

  /// A text of the file as UTF-8; what is none is taken for Latin-1 and counted. `field` names it.
  std::string utf8(std::string_view raw, std::string_view field) {
    if (is_utf8(raw)) return std::string(raw);
    add("no UTF-8, read as Latin-1",
        fmt::format("{} '{}'", field, utf8_from_latin1(raw.substr(0, kShownBytes))));
    return utf8_from_latin1(raw);
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const Kind& kind : kinds_) {
      std::string line = fmt::format("{}: {}", kind.name, fmt::join(kind.places, "; "));
      const std::size_t more = kind.count - kind.places.size();
      if (more > 0) line += fmt::format("; and {} more", more);
      lines.push_back(std::move(line));
    }
    return lines;
  }

 private:
  static constexpr std::size_t kShown = 3;
  static constexpr std::size_t kShownBytes = 100;  // of a text
  struct Kind {
    std::string name;
    std::vector<std::string> places = {};
    std::size_t count = 0;
  };
  std::vector<Kind> kinds_;
};

}  // namespace nest::io
