#pragma once

#include <nlohmann/json_fwd.hpp>

namespace nest {

/// JSON values that keep the order in which keys were written (include core/json.h to use them).
using Json = nlohmann::ordered_json;

}  // namespace nest
