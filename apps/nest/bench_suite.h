#pragma once

#include <map>
#include <string>
#include <vector>

#include "nest/deploy/model_file.h"
#include "nest/graph/model.h"
#include "nest/profile/work.h"

namespace nest {

/// A model, what to time of it, and what to reach.
struct BenchItem {
  std::string name;
  graph::Model model;
  profile::WorkOptions work;
  std::map<std::string, double> goal_ms;     ///< median by precision
  std::map<std::string, double> goal_ratio;  ///< times faster than a contender, at fp32
};

/// The items of a work list (see configs/bench.yaml); `only` not empty: those of these names.
/// Weights are random, from one seed. Errors: Io, DataCorrupt, NotFound for a name in `only`.
std::vector<BenchItem> read_suite(const std::string& path, const std::vector<std::string>& only);

/// One item: a model file, or random weights for a key of a config file when `file` is empty.
BenchItem single_item(const std::string& file, const deploy::LoadOptions& load,
                      const profile::WorkOptions& work);

}  // namespace nest
