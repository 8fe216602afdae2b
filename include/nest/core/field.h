#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nest/core/enum.h"
#include "nest/core/field_error.h"
#include "nest/core/json_fwd.h"

namespace nest {

class Config;

/// What a number may be: at_least(0).below(1), above(0), between(1, 4096). Never NaN.
struct Limits {
  std::optional<double> low = {};
  std::optional<double> high = {};
  bool excludes_low = false;
  bool excludes_high = false;

  constexpr Limits to(double limit) const { return {low, limit, excludes_low, false}; }
  constexpr Limits below(double limit) const { return {low, limit, excludes_low, true}; }
  bool contains(double value) const;
  /// "from 1 to 4096", "above 0", "at least 0 and below 1"
  std::string text() const;
};
constexpr Limits at_least(double low) {
  return {.low = low};
}
constexpr Limits above(double low) {
  return {.low = low, .excludes_low = true};
}
constexpr Limits between(double low, double high) {
  return {.low = low, .high = high};
}

template <class T>
using StringMap = std::map<std::string, T, std::less<>>;
/// Names of fields; "split.seed" for a field of a part.
using FieldNames = std::set<std::string, std::less<>>;

/// A variable of some enum with a table, or an optional one.
struct EnumVariable {
  EnumTable table;
  bool is_optional;
  void* variable;
  std::optional<int> (*get)(const void*);
  void (*set)(void*, std::optional<int>);
};
/// A StringMap of such an enum.
struct EnumMapVariable {
  EnumTable table;
  void* variable;
  StringMap<int> (*get)(const void*);
  void (*set)(void*, const StringMap<int>&);
};

/// A variable of any type that a field can have; refers to it.
class FieldValue {
 public:
  using Variable =
      std::variant<bool*, int*, std::int64_t*, std::uint64_t*, float*, double*, std::string*,
                   std::optional<std::int64_t>*, std::optional<double>*,
                   std::optional<std::string>*, std::vector<int>*, std::vector<std::int64_t>*,
                   std::vector<double>*, std::vector<std::string>*, StringMap<std::string>*,
                   StringMap<float>*, StringMap<double>*, EnumVariable, EnumMapVariable>;

  template <class T>
  requires std::constructible_from<Variable, T*> FieldValue(T& variable)
      : variable_(&variable) {}  // NOLINT: any such variable is a value

  template <NamedEnum E>
  FieldValue(E& variable)  // NOLINT
      : variable_(EnumVariable{enum_table(E{}), false, &variable,
                               [](const void* at) -> std::optional<int> {
                                 return static_cast<int>(*static_cast<const E*>(at));
                               },
                               [](void* at, std::optional<int> value) {
                                 if (value) *static_cast<E*>(at) = static_cast<E>(*value);
                               }}) {}

  template <NamedEnum E>
  FieldValue(std::optional<E>& variable)  // NOLINT
      : variable_(
            EnumVariable{enum_table(E{}), true, &variable,
                         [](const void* at) -> std::optional<int> {
                           const auto& held = *static_cast<const std::optional<E>*>(at);
                           return held ? std::optional<int>(static_cast<int>(*held)) : std::nullopt;
                         },
                         [](void* at, std::optional<int> value) {
                           auto& held = *static_cast<std::optional<E>*>(at);
                           held = value ? std::optional<E>(static_cast<E>(*value)) : std::nullopt;
                         }}) {}

  template <NamedEnum E>
  FieldValue(StringMap<E>& variable)  // NOLINT
      : variable_(EnumMapVariable{enum_table(E{}), &variable,
                                  [](const void* at) {
                                    StringMap<int> values;
                                    for (const auto& [key, value] :
                                         *static_cast<const StringMap<E>*>(at))
                                      values.emplace(key, static_cast<int>(value));
                                    return values;
                                  },
                                  [](void* at, const StringMap<int>& values) {
                                    auto& map = *static_cast<StringMap<E>*>(at);
                                    map.clear();
                                    for (const auto& [key, value] : values)
                                      map.emplace(key, static_cast<E>(value));
                                  }}) {}

  const Variable& variable() const { return variable_; }

  bool is_optional() const;
  /// Takes several values: lists, and maps as NAME=VALUE.
  bool is_list() const;
  /// "INT", "FLOAT", "TEXT", "{adamw,adam,sgd}", "NAME=FLOAT"
  std::string type_text() const;
  /// As a command line takes it: "0.5,40", "on".
  std::string text() const;
  Json json() const;

  /// Sets it from words of a command line. Errors: InvalidArgument "is 'x'; it must be …".
  void parse(std::span<const std::string> words) const;
  /// Sets it from a configuration; null empties an optional. Errors: DataCorrupt with its place.
  void read(const Config& config) const;
  /// "is 0; it must be at least 1", "" if every number is within the limits and every text is one
  /// of `choices` (no choices: any).
  std::string problem(const Limits& limits, std::span<const std::string_view> choices) const;

 private:
  Variable variable_;
};

}  // namespace nest
