#pragma once

#include <string>

#include "nest/core/json_fwd.h"

namespace nest {

/// A value as JSON, for whoever reads it: names of files may have any bytes, and what is no UTF-8
/// in a text becomes U+FFFD. `indent` below 0: one line.
std::string json_text(const Json& json, int indent = -1);

}  // namespace nest
