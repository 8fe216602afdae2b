#include "nest/core/enum.h"

#include <vector>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/suggest.h"

namespace nest {
namespace {

std::vector<std::string> written_names(const EnumTable& table) {
  std::vector<std::string> names;
  std::vector<int> seen;
  for (const EnumName& entry : table.names) {
    if (std::ranges::find(seen, entry.value) != seen.end()) continue;
    seen.push_back(entry.value);
    names.emplace_back(entry.name);
  }
  return names;
}

}  // namespace

std::string_view enum_name(const EnumTable& table, int value) {
  for (const EnumName& entry : table.names) {
    if (entry.value == value) return entry.name;
  }
  fail(ErrorCode::kInternal, "{} {} has no name", table.what, value);
}

int enum_value(const EnumTable& table, std::string_view name) {
  return enum_value(table, name, ErrorCode::kInvalidArgument);
}

int enum_value(const EnumTable& table, std::string_view name, ErrorCode code) {
  for (const EnumName& entry : table.names) {
    if (entry.name == name) return entry.value;
  }
  fail(code, "unknown {} '{}'; known: {}{}", table.what, name, enum_list(table),
       suggestion(name, written_names(table)));
}

std::string enum_list(const EnumTable& table) {
  return fmt::format("{}", fmt::join(written_names(table), ", "));
}

}  // namespace nest
