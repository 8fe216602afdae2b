#pragma once

#include <string>

#include "nest/data/dataset.h"

namespace nest::data {

/// SHA-256 of the ids of a split, in order: what a normalisation was fitted on.
std::string fit_hash(const Dataset& dataset, const std::string& split);

}  // namespace nest::data
