#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nest/runtime/isa.h"
#include "nest/runtime/prepared.h"
#include "runtime/activation.h"
#include "runtime/lower.h"
#include "runtime/program.h"
#include "runtime/weights.h"

namespace nest::runtime {

struct PreparedModel::Impl {
  /// Errors: InvalidArgument; whatever graph::validate finds. Without float weights, those of the
  /// store must be adopted before the first plan.
  Impl(graph::Model whole, const PrepareOptions& prepare_options, bool has_weights,
       graph::ActivationObserver* activation_observer = nullptr);

  /// A graph with concrete axis lengths for one machine.
  struct PlanRequest {
    std::string_view graph;
    const graph::Bindings& bindings;
    std::set<std::string> absent = {};    ///< optional inputs that are left out
    std::set<std::string> constant = {};  ///< what depends on these alone is marked as such
    int threads = 1;
    std::optional<Isa> isa = {};  ///< none: weights stay as files hold them
  };
  std::shared_ptr<const Program> plan(const PlanRequest& request) const;

  /// Packs the weights of every graph.
  void pack();
  /// The same, then drops the float ones.
  void seal();

  graph::Model model;
  PrepareOptions options;
  mutable std::mutex mutex;
  mutable std::map<std::string, std::unique_ptr<Lowered>, std::less<>> lowered;
  mutable WeightStore store;
  graph::ActivationObserver* observer = nullptr;

 private:
  const Lowered& lowered_graph(std::string_view graph) const;
};

/// An int64 input that holds tokens of a vocabulary or offsets into a table.
struct IndexRange {
  std::string port;
  std::int64_t limit = 0;  ///< exclusive
  std::string_view what;   ///< "token" or "position"
};
std::vector<IndexRange> index_ranges(const graph::Graph& graph, const graph::Bindings& bindings);

/// Quantization and options of a file of format version 2, which kept them outside the model.
/// Errors: DataCorrupt.
PrepareOptions take_version2_options(const Json& options, graph::Model& model);

}  // namespace nest::runtime
