#pragma once

#include <cmath>
#include <limits>

#include "nest/core/json.h"

namespace nest {

/// A measured value as JSON: null where it is undefined (NaN) or infinite.
inline Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

/// The other way round: NaN for null. Errors: nlohmann::json::type_error for anything else.
inline double number_or_nan(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

}  // namespace nest
