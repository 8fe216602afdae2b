#include "section.h"

#include <algorithm>

#include "nest/core/error.h"

namespace nest::graph {

Config Section::find(const std::string& name, const std::vector<std::string>& aliases) {
  known_.push_back(name);
  known_.insert(known_.end(), aliases.begin(), aliases.end());
  Config found = config_.get(name);
  std::string first = name;
  for (const std::string& alias : aliases) {
    if (!config_.has(alias)) continue;
    require(found.is_null(), ErrorCode::kDataCorrupt,
            "{}: '{}' and '{}' are two names of the same argument; keep one",
            config_.at(alias).location(), first, alias);
    found = config_.get(alias);
    first = alias;
  }
  return found;
}

std::string Section::where() const {
  return fmt::format("{} ({})", config_.location(), title_);
}

std::int64_t Section::integer(const std::string& name, const IntegerRule& rule) {
  const Config entry = find(name, rule.aliases);
  const std::optional<std::int64_t> fallback = rule.expected ? rule.expected : rule.fallback;
  require(!entry.is_null() || fallback || rule.forced, ErrorCode::kDataCorrupt,
          "{}: '{}' is missing", where(), name);
  const std::int64_t written = entry.is_null() ? fallback.value_or(0) : entry.as_int();
  const std::int64_t value = rule.forced.value_or(written);
  const std::string place = entry.is_null() ? where() + ": " + name : entry.location();
  require(value >= rule.least && value <= rule.most, ErrorCode::kDataCorrupt,
          "{}: {} is not in [{}, {}]", place, value, rule.least, rule.most);
  require(!rule.expected || rule.forced || value == *rule.expected, ErrorCode::kDataCorrupt,
          "{}: {} contradicts {} {}", place, value, rule.because, rule.expected.value_or(0));
  if (!rule.is_extension || value != rule.fallback) resolved_[name] = value;
  return value;
}

double Section::probability(const std::string& name, double fallback) {
  const Config entry = find(name, {});
  const double value = entry.is_null() ? fallback : entry.as_double();
  require(value >= 0 && value < 1, ErrorCode::kDataCorrupt, "{}: {} is not in [0, 1)",
          entry.is_null() ? where() : entry.location(), value);
  resolved_[name] = value;
  return value;
}

bool Section::boolean(const std::string& name, bool fallback) {
  const Config entry = find(name, {});
  const bool value = entry.is_null() ? fallback : entry.as_bool();
  resolved_[name] = value;
  return value;
}

std::string Section::choice(const std::string& name, const std::vector<std::string>& choices,
                            const std::string& fallback) {
  const Config entry = find(name, {});
  require(!entry.is_null() || !fallback.empty(), ErrorCode::kDataCorrupt,
          "{}: '{}' is missing (one of: {})", where(), name, fmt::join(choices, ", "));
  const std::string value = entry.is_null() ? fallback : entry.as_string();
  require(std::find(choices.begin(), choices.end(), value) != choices.end(),
          ErrorCode::kDataCorrupt, "{}: unknown {} '{}' (known: {})",
          entry.is_null() ? where() : entry.location(), name, value, fmt::join(choices, ", "));
  resolved_[name] = value;
  return value;
}

}  // namespace nest::graph
