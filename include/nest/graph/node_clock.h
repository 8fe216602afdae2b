#pragma once

#include <string>
#include <vector>

namespace nest::graph {

struct NodeTime {
  std::string node;
  double seconds = 0;
};

/// An executor that can time its nodes; reached from graph::Executor by a cast.
class NodeClock {
 public:
  virtual ~NodeClock() = default;
  /// From the next run on. Off, a run costs what it costs without a clock.
  virtual void time_nodes(bool is_timed) = 0;
  /// Of the last run, in order of execution; empty if it was not timed.
  virtual const std::vector<NodeTime>& node_times() const = 0;
};

}  // namespace nest::graph
