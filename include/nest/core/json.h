#pragma once

#include <nlohmann/json.hpp>

namespace nest {

/// JSON values that keep the order in which keys were written.
using Json = nlohmann::ordered_json;

}  // namespace nest
