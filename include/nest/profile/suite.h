#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "nest/graph/model.h"
#include "nest/profile/work.h"

namespace nest::profile {

/// A model, what to time of it, and what to reach.
struct SuiteItem {
  std::string name;
  graph::Model model;
  WorkOptions work;
  std::map<std::string, double> goal_ms = {};     ///< median by precision
  std::map<std::string, double> goal_ratio = {};  ///< times faster than a contender, at fp32
};

/// The items of a work list (see configs/bench.yaml); `only` not empty: those of these names.
/// Weights are random, from one seed. Errors: Io, DataCorrupt, NotFound for a name in `only`.
std::vector<SuiteItem> read_suite(const std::filesystem::path& path,
                                  const std::vector<std::string>& only = {});

/// One item, named after the model and its graph; with the step of a causal encoder if the work
/// names it.
SuiteItem make_item(graph::Model model, const WorkOptions& work);

/// The model with random weights, from one seed: what is timed where there is no trained one.
graph::Model with_random_weights(graph::Model model);

}  // namespace nest::profile
