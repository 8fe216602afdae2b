#include "nest/core/field_error.h"

namespace nest {

FieldError::FieldError(std::string field, std::string problem, std::source_location where)
    : Error(ErrorCode::kInvalidArgument, fmt::format("`{}` {}", field, problem), where),
      field_(std::move(field)),
      problem_(std::move(problem)) {}

FieldError FieldError::inside(std::string_view part) const {
  return FieldError(fmt::format("{}.{}", part, field_), problem_, where());
}

}  // namespace nest
