#pragma once

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace nest {

enum class ErrorCode;

/// One value of an enum and what options, files and messages call it.
struct EnumName {
  template <class E>
  requires std::is_enum_v<E>
  constexpr EnumName(E value, std::string_view name) : value(static_cast<int>(value)), name(name) {}

  int value;
  std::string_view name;
};

/// The names of an enum's values. The first name of a value is the one that is written; others of
/// the same value are read as well.
struct EnumTable {
  std::string_view what;  ///< "optimizer", for messages
  std::span<const EnumName> names;
};

/// An enum whose header says `EnumTable enum_table(Kind);` beside it: its names are written once.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
  { enum_table(value) } -> std::same_as<EnumTable>;
};

/// Errors: Internal if the table lacks the value.
std::string_view enum_name(const EnumTable& table, int value);
/// Errors: `code` (else InvalidArgument) that lists the names and suggests the nearest.
int enum_value(const EnumTable& table, std::string_view name, ErrorCode code);
int enum_value(const EnumTable& table, std::string_view name);
/// "adamw, adam, sgd": one name a value.
std::string enum_list(const EnumTable& table);

template <NamedEnum E>
std::string_view name_of(E value) {
  return enum_name(enum_table(value), static_cast<int>(value));
}

/// Errors: as enum_value().
template <NamedEnum E>
E from_name(std::string_view name) {
  return static_cast<E>(enum_value(enum_table(E{}), name));
}
template <NamedEnum E>
E from_name(std::string_view name, ErrorCode code) {
  return static_cast<E>(enum_value(enum_table(E{}), name, code));
}

}  // namespace nest
