#include "nest/core/field.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include <fmt/ranges.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "parse_number.h"

namespace nest {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
// GCC 12 deduces it by itself, clang 16 does not.
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

[[noreturn]] void refuse(std::string_view found, std::string_view expected) {
  fail(ErrorCode::kInvalidArgument, "is '{}'; it must be {}", found, expected);
}

// ---- One value from and to text ----

template <class T>
constexpr std::string_view type_of() {
  if constexpr (std::is_same_v<T, std::string>) return "TEXT";
  if constexpr (std::is_floating_point_v<T>) return "FLOAT";
  return "INT";
}

template <class T>
T from_text(const std::string& text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return text;
  } else {
    T value{};
    if (!parse_number(text, value)) {
      refuse(text, std::is_floating_point_v<T> ? "a number"
                   : std::is_unsigned_v<T>     ? "an integer that is not negative"
                                               : "an integer");
    }
    return value;
  }
}

template <class T>
std::string to_text(const T& value) {
  return fmt::format("{}", value);
}

int enum_from_text(const EnumTable& table, const std::string& text) {
  try {
    return enum_value(table, text);
  } catch (const Error& error) {
    fail(ErrorCode::kInvalidArgument, "is '{}': {}", text, error.message());
  }
}

std::pair<std::string, std::string> name_and_value(const std::string& word) {
  const std::size_t at = word.find('=');
  if (at == std::string::npos) refuse(word, "NAME=VALUE");
  return {word.substr(0, at), word.substr(at + 1)};
}

template <class T>
void add_once(StringMap<T>& map, const std::string& name, T value) {
  require(map.emplace(name, std::move(value)).second, ErrorCode::kInvalidArgument,
          "names '{}' twice", name);
}

// ---- One value from a configuration ----

template <class T>
T from_config(const Config& config) {
  if constexpr (std::is_same_v<T, std::string>) {
    return config.as_string();
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(config.as_double());
  } else if constexpr (std::is_unsigned_v<T>) {
    return config.as_unsigned();
  } else {
    const std::int64_t value = config.as_int();
    require(std::in_range<T>(value), ErrorCode::kDataCorrupt, "{}: {} is too large",
            config.location(), value);
    return static_cast<T>(value);
  }
}

int enum_from_config(const EnumTable& table, const Config& config) {
  try {
    return enum_value(table, config.as_string());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidArgument) throw;
    fail(ErrorCode::kDataCorrupt, "{}: {}", config.location(), error.message());
  }
}

// ---- Limits and choices ----

template <class T>
std::string problem_of(const T& value, const Limits& limits,
                       std::span<const std::string_view> choices) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return "";
    return fmt::format("is '{}'; it must be one of {}", value, fmt::join(choices, ", "));
  } else {
    if (limits.contains(static_cast<double>(value))) return "";
    return fmt::format("is {}; it must be {}", value, limits.text());
  }
}

}  // namespace

bool Limits::contains(double value) const {
  const bool is_low = low && (excludes_low ? !(value > *low) : !(value >= *low));
  const bool is_high = high && (excludes_high ? !(value < *high) : !(value <= *high));
  return !is_low && !is_high && value == value;
}

std::string Limits::text() const {
  if (low && high && !excludes_low && !excludes_high)
    return fmt::format("from {} to {}", *low, *high);
  std::string text;
  if (low) text = fmt::format("{} {}", excludes_low ? "above" : "at least", *low);
  if (low && high) text += " and ";
  if (high) text += fmt::format("{} {}", excludes_high ? "below" : "at most", *high);
  return text.empty() ? "a number" : text;
}

bool FieldValue::is_optional() const {
  return std::visit(Overloaded{[](const EnumVariable& e) { return e.is_optional; },
                               []<class T>(const std::optional<T>*) { return true; },
                               [](const auto&) { return false; }},
                    variable_);
}

bool FieldValue::is_list() const {
  return std::visit(Overloaded{[](const EnumVariable&) { return false; },
                               [](const EnumMapVariable&) { return true; },
                               []<class T>(const std::vector<T>*) { return true; },
                               []<class T>(const StringMap<T>*) { return true; },
                               [](const auto*) { return false; }},
                    variable_);
}

std::string FieldValue::type_text() const {
  return std::visit(
      Overloaded{[](const EnumVariable& e) { return "{" + enum_list(e.table) + "}"; },
                 [](const EnumMapVariable& e) { return "NAME={" + enum_list(e.table) + "}"; },
                 [](const bool*) { return std::string(); },
                 []<class T>(const std::vector<T>*) { return std::string(type_of<T>()); },
                 []<class T>(const std::optional<T>*) { return std::string(type_of<T>()); },
                 []<class T>(const StringMap<T>*) { return "NAME=" + std::string(type_of<T>()); },
                 []<class T>(const T*) { return std::string(type_of<T>()); }},
      variable_);
}

std::string FieldValue::text() const {
  const auto pairs = [](const auto& map, const auto& text_of) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : map) parts.push_back(key + "=" + text_of(value));
    return fmt::format("{}", fmt::join(parts, ","));
  };
  return std::visit(
      Overloaded{
          [](const EnumVariable& e) {
            const std::optional<int> value = e.get(e.variable);
            return value ? std::string(enum_name(e.table, *value)) : "";
          },
          [&](const EnumMapVariable& e) {
            return pairs(e.get(e.variable),
                         [&](int v) { return std::string(enum_name(e.table, v)); });
          },
          [](const bool* v) { return std::string(*v ? "on" : "off"); },
          []<class T>(const std::vector<T>* v) { return fmt::format("{}", fmt::join(*v, ",")); },
          []<class T>(const std::optional<T>* v) { return *v ? to_text(**v) : ""; },
          [&]<class T>(const StringMap<T>* v) { return pairs(*v, to_text<T>); },
          []<class T>(const T* v) { return to_text(*v); }},
      variable_);
}

Json FieldValue::json() const {
  return std::visit(
      Overloaded{[](const EnumVariable& e) {
                   const std::optional<int> value = e.get(e.variable);
                   return value ? Json(enum_name(e.table, *value)) : Json();
                 },
                 [](const EnumMapVariable& e) {
                   Json map = Json::object();
                   for (const auto& [key, value] : e.get(e.variable))
                     map[key] = enum_name(e.table, value);
                   return map;
                 },
                 []<class T>(const std::optional<T>* v) { return *v ? Json(**v) : Json(); },
                 []<class T>(const StringMap<T>* v) {
                   Json map = Json::object();
                   for (const auto& [key, value] : *v) map[key] = value;
                   return map;
                 },
                 [](const auto* v) { return Json(*v); }},
      variable_);
}

void FieldValue::parse(std::span<const std::string> words) const {
  require(!words.empty(), ErrorCode::kInvalidArgument, "has no value");
  const std::string& last = words.back();
  std::visit(
      Overloaded{[&](const EnumVariable& e) { e.set(e.variable, enum_from_text(e.table, last)); },
                 [&](const EnumMapVariable& e) {
                   StringMap<int> map;
                   for (const std::string& word : words) {
                     const auto [name, value] = name_and_value(word);
                     add_once(map, name, enum_from_text(e.table, value));
                   }
                   e.set(e.variable, map);
                 },
                 [&](bool* v) {
                   const bool is_on = last == "on" || last == "true";
                   if (!is_on && last != "off" && last != "false") refuse(last, "on or off");
                   *v = is_on;
                 },
                 [&]<class T>(std::vector<T>* v) {
                   std::vector<T> list;
                   for (const std::string& word : words) list.push_back(from_text<T>(word));
                   *v = std::move(list);
                 },
                 [&]<class T>(std::optional<T>* v) { *v = from_text<T>(last); },
                 [&]<class T>(StringMap<T>* v) {
                   StringMap<T> map;
                   for (const std::string& word : words) {
                     const auto [name, value] = name_and_value(word);
                     add_once(map, name, from_text<T>(value));
                   }
                   *v = std::move(map);
                 },
                 [&]<class T>(T* v) { *v = from_text<T>(last); }},
      variable_);
}

void FieldValue::read(const Config& config) const {
  const auto require_map = [&] {
    require(config.is_map(), ErrorCode::kDataCorrupt, "{}: expected a map", config.location());
  };
  std::visit(Overloaded{[&](const EnumVariable& e) {
                          const bool is_empty = e.is_optional && config.is_null();
                          e.set(e.variable, is_empty ? std::optional<int>()
                                                     : enum_from_config(e.table, config));
                        },
                        [&](const EnumMapVariable& e) {
                          require_map();
                          StringMap<int> map;
                          for (const std::string& key : config.keys())
                            map[key] = enum_from_config(e.table, config.at(key));
                          e.set(e.variable, map);
                        },
                        [&](bool* v) { *v = config.as_bool(); },
                        [&]<class T>(std::vector<T>* v) {
                          std::vector<T> list;
                          for (const Config& item : config.items())
                            list.push_back(from_config<T>(item));
                          *v = std::move(list);
                        },
                        [&]<class T>(std::optional<T>* v) {
                          *v = config.is_null() ? std::optional<T>() : from_config<T>(config);
                        },
                        [&]<class T>(StringMap<T>* v) {
                          require_map();
                          StringMap<T> map;
                          for (const std::string& key : config.keys())
                            map[key] = from_config<T>(config.at(key));
                          *v = std::move(map);
                        },
                        [&]<class T>(T* v) { *v = from_config<T>(config); }},
             variable_);
}

std::string FieldValue::problem(const Limits& limits,
                                std::span<const std::string_view> choices) const {
  const auto first_of = [&](const auto& values, const auto& item) -> std::string {
    for (const auto& value : values) {
      std::string problem = problem_of(item(value), limits, choices);
      if (!problem.empty()) return problem;
    }
    return "";
  };
  return std::visit(
      Overloaded{[](const EnumVariable&) { return std::string(); },
                 [](const EnumMapVariable&) { return std::string(); },
                 [](const bool*) { return std::string(); },
                 [&]<class T>(const std::vector<T>* v) { return first_of(*v, std::identity()); },
                 [&]<class T>(const std::optional<T>* v) {
                   return *v ? problem_of(**v, limits, choices) : "";
                 },
                 [&]<class T>(const StringMap<T>* v) {
                   return first_of(*v, [](const auto& entry) -> const T& { return entry.second; });
                 },
                 [&]<class T>(const T* v) { return problem_of(*v, limits, choices); }},
      variable_);
}

}  // namespace nest
