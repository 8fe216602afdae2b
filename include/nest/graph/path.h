#pragma once

#include <string_view>

namespace nest::graph {

/// True if a name (of a node or a weight) is `path` or lies below it: "encoder.layers.0" has
/// "encoder.layers.0.linear1", not "encoder.layers.01". All names lie below "".
inline bool is_below(std::string_view name, std::string_view path) {
  return path.empty() ||
         (name.starts_with(path) && (name.size() == path.size() || name[path.size()] == '.'));
}

}  // namespace nest::graph
