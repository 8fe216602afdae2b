#pragma once

#include <string>
#include <string_view>

#include "nest/core/error.h"
#include "nest/core/json.h"

// Reading fields of foreign JSON: what is missing or of another type is named.
namespace nest::graph {

/// A field of a JSON object. Errors: DataCorrupt naming the field.
inline const Json& field(const Json& json, std::string_view name) {
  require(json.is_object(), ErrorCode::kDataCorrupt, "expected an object with the field '{}'",
          name);
  const auto found = json.find(name);
  require(found != json.end(), ErrorCode::kDataCorrupt, "field '{}' is missing", name);
  return *found;
}

template <class T>
T get(const Json& json, std::string_view name) {
  try {
    return field(json, name).get<T>();
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "field '{}': {}", name, error.what());
  }
}

inline const Json& list(const Json& json, std::string_view name) {
  const Json& value = field(json, name);
  require(value.is_array(), ErrorCode::kDataCorrupt, "field '{}' is not a list", name);
  return value;
}

}  // namespace nest::graph
