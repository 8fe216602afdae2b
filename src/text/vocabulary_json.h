#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nest/core/json.h"

namespace nest::text {

/// {"token": id, ...} in id order; built in linear time (an ordered object searches on insertion).
inline Json vocabulary_json(const std::vector<std::string>& tokens) {
  Json json = Json::object();
  auto& entries = json.get_ref<Json::object_t&>();
  entries.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    static_cast<std::vector<Json::object_t::value_type>&>(entries).emplace_back(tokens[i], i);
  }
  return json;
}

}  // namespace nest::text
