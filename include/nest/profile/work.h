#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"

namespace nest::profile {

/// What to time of a model.
struct WorkOptions {
  std::string graph = "encoder";  ///< a graph of the model
  std::int64_t batch = 1;
  std::int64_t length = 500;  ///< T: samples, or frames of a decoder's memory; N: new frames
  int steps = 1;              ///< passes of a stepwise graph in one run, each fed by the last
};
void visit_fields(FieldVisitor& visitor, WorkOptions& options);

/// One unit of work with its inputs: the same numbers for every contender.
struct Work {
  std::string graph;
  graph::Bindings bindings;
  TensorMap inputs;                ///< floats from N(0, 1), tokens 2, states zero
  int steps = 1;                   ///< graph passes in one run
  std::set<std::string> constant;  ///< inputs that keep their value over the steps
  /// Outputs that become inputs of the next step.
  std::map<std::string, std::string> feeds;
  /// Scores [B, V] whose best index is the next token; empty if the graph takes no token.
  std::string scores;
  std::string token;
};
/// Errors: NotFound for the graph; InvalidArgument for a length that does not fit, or for steps of
/// a graph that feeds nothing back.
Work make_work(const graph::Model& model, const WorkOptions& options);

/// Best index of each row of scores [B, V]; the first of equals.
void best_tokens(std::span<const float> scores, std::span<std::int64_t> tokens);

}  // namespace nest::profile
