#pragma once

#include <map>
#include <string>

#include "nest/core/launcher.h"

namespace nest::test {

using Variables = std::map<std::string, std::string>;

/// An environment of these variables alone.
inline Lookup lookup_of(Variables values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  };
}

}  // namespace nest::test
