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
#include "nest/core/error.h"
#include "nest/core/json_fwd.h"

namespace nest {

class Config;

/// An Error about one field of an options struct.
///
/// Messages write the names of fields in backticks, "`nbest` is 9; it must be from 1 to 4": a
/// command line puts its flags in their place.
class FieldError : public Error {
 public:
  /// InvalidArgument "`field` <problem>".
  FieldError(std::string field, std::string problem,
             std::source_location where = std::source_location::current());
  /// snake_case; "split.seed" for a field of a part.
  const std::string& field() const noexcept { return field_; }
  /// The same error as the owner of the part sees it.
  FieldError inside(std::string_view part) const;

 private:
  std::string field_;
  std::string problem_;
};

/// Throws FieldError(field, formatted problem).
template <class... Args>
[[noreturn]] void fail_field(std::string_view field, FormatAt<std::type_identity_t<Args>...> text,
                             Args&&... args) {
  throw FieldError(std::string(field), fmt::format(text.format, std::forward<Args>(args)...),
                   text.where);
}
/// Throws FieldError(field, formatted problem) unless the condition holds.
template <class... Args>
void require_field(bool condition, std::string_view field,
                   FormatAt<std::type_identity_t<Args>...> text, Args&&... args) {
  if (!condition) {
    throw FieldError(std::string(field), fmt::format(text.format, std::forward<Args>(args)...),
                     text.where);
  }
}

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

/// A variable of some enum with a table.
struct EnumVariable {
  EnumTable table;
  void* variable;
  int (*get)(const void*);
  void (*set)(void*, int);
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
      : variable_(EnumVariable{
            enum_table(E{}), &variable,
            [](const void* at) { return static_cast<int>(*static_cast<const E*>(at)); },
            [](void* at, int value) { *static_cast<E*>(at) = static_cast<E>(value); }}) {}

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
