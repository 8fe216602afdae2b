#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nest/core/error.h"

namespace nest {

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

}  // namespace nest
