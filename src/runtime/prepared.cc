#include "nest/runtime/prepared.h"

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/graph/cost.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/isa.h"
#include "runtime/binder.h"
#include "runtime/prepared_impl.h"

namespace nest::runtime {
namespace {

/// Bindings that every graph accepts, to pack its weights.
graph::Bindings smallest_bindings(const graph::Graph& graph) {
  graph::Bindings bindings;
  for (const graph::Value& value : graph.values) {
    for (const graph::Dim& dim : value.shape) {
      for (const std::string& symbol : dim.symbols()) bindings.emplace(symbol, 1);
    }
  }
  const auto fits = [&] {
    for (const graph::Value& value : graph.values) {
      for (const graph::Dim& dim : value.shape) {
        // An output may have no elements at all (linear attention has no weights).
        if (!dim.symbols().empty() && dim.eval(bindings) < 1) return false;
      }
    }
    return true;
  };
  while (!fits()) {
    for (auto& [symbol, length] : bindings) length = symbol == "B" ? 1 : length * 2;
    require(bindings.empty() || bindings.rbegin()->second < (1 << 24), ErrorCode::kInternal,
            "graph '{}' accepts no length", graph.name);
  }
  return bindings;
}

}  // namespace

PreparedModel::Impl::Impl(graph::Model whole, const PrepareOptions& prepare_options,
                          bool has_weights, graph::ActivationObserver* activation_observer)
    : model(std::move(whole)), options(prepare_options), observer(activation_observer) {
  nest::validate(options);
  graph::validate(model.quantization, model);
  require(observer == nullptr || model.quantization == graph::Quantization{},
          ErrorCode::kInvalidArgument,
          "activations are observed in fp32; the model is {}, take its quantization away",
          graph::describe(model.quantization));
  for (const auto& [name, graph] : model.graphs) {
    with_context("graph " + name,
                 [&] { graph::validate(graph, has_weights ? &model.weights : nullptr); });
  }
}

const Lowered& PreparedModel::Impl::lowered_graph(std::string_view graph) const {
  const auto found = lowered.find(graph);
  if (found != lowered.end()) return *found->second;
  auto made = std::make_unique<Lowered>(
      lower(model, model.graph(graph), options, observer != nullptr, store));
  return *lowered.emplace(std::string(graph), std::move(made)).first->second;
}

std::shared_ptr<const Program> PreparedModel::Impl::plan(const PlanRequest& request) const {
  const std::lock_guard lock(mutex);
  const Lowered& low = lowered_graph(request.graph);
  Binder binder({model.graph(request.graph), low, model.quantization.activations, store,
                 options.sparse, request.threads, request.isa, observer},
                request.bindings, request.absent, request.constant);
  return std::make_shared<const Program>(binder.take());
}

void PreparedModel::Impl::pack() {
  for (const auto& [name, graph] : model.graphs) plan({name, smallest_bindings(graph)});
}

void PreparedModel::Impl::seal() {
  pack();
  const std::lock_guard lock(mutex);
  for (auto& [name, low] : lowered) {
    for (LoweredNode& node : low->nodes) {
      for (LoweredWeight& weight : node.weights) {
        weight.values = [node_name = node.name]() -> std::vector<float> {
          fail(ErrorCode::kInternal, "float weights of '{}' were dropped", node_name);
        };
        weight.unrounded = {};
      }
    }
  }
  model.weights.clear();
}

PreparedModel::PreparedModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PreparedModel::~PreparedModel() = default;

const graph::Model& PreparedModel::model() const {
  return impl_->model;
}
const PrepareOptions& PreparedModel::options() const {
  return impl_->options;
}

std::shared_ptr<const PreparedModel> prepare(graph::Model model, const PrepareOptions& options,
                                             graph::ActivationObserver* observer) {
  if (graph::is_streamable(model)) graph::add_streaming_step(model);
  auto impl = std::make_unique<PreparedModel::Impl>(std::move(model), options, true, observer);
  impl->seal();
  return std::make_shared<const PreparedModel>(std::move(impl));
}

std::size_t PreparedModel::weight_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.total_bytes();
}

std::string PreparedModel::report(std::string_view graph, const graph::Bindings& bindings,
                                  const std::set<std::string>& absent,
                                  const MachineOptions& machine) const {
  validate(machine);
  const int threads = Pool::threads_for(machine.threads);
  const Isa isa = choose_isa(machine.isa);
  const auto program = impl_->plan({graph, bindings, absent, {}, threads, isa});
  std::string text = fmt::format("graph {} on {}, {}, {} threads\n", graph, name_of(isa),
                                 graph::describe(impl_->model.quantization), threads);
  double executed_macs = 0;
  for (const auto& step : program->steps) {
    executed_macs += step->executed_macs;
    text += fmt::format("  {:<44} {}\n", step->name, step->detail);
  }
  const graph::Cost cost = total(graph::graph_cost(impl_->model, graph, bindings));
  text += fmt::format(
      "{:.2f} MMAC executed of {:.2f} in the model, packed weights {:.2f} MB, arena {:.3f} MB "
      "(least {:.3f} MB)\n",
      executed_macs / 1e6, static_cast<double>(cost.macs) / 1e6,
      static_cast<double>(weight_bytes()) / 1e6, static_cast<double>(program->arena_bytes) / 1e6,
      static_cast<double>(least_memory(*program)) / 1e6);
  for (const std::string& note : program->notes) text += "  " + note + "\n";
  return text;
}

std::vector<IndexRange> index_ranges(const graph::Graph& graph, const graph::Bindings& bindings) {
  std::vector<IndexRange> ranges;
  const auto add = [&](graph::ValueId value, std::int64_t limit, std::string_view what) {
    for (const graph::Port& port : graph.inputs) {
      if (port.value == value) ranges.push_back({port.name, limit, what});
    }
  };
  for (const graph::Node& node : graph.nodes) {
    if (const auto* embedding = std::get_if<graph::Embedding>(&node.op)) {
      add(node.inputs[0], embedding->vocab_size, "token");
    } else if (const auto* positions = std::get_if<graph::PositionalEncoding>(&node.op)) {
      if (node.inputs.size() < 2 || node.inputs[1] == graph::kNoValue) continue;
      const std::int64_t frames = graph.value(node.inputs[0]).shape[1].eval(bindings);
      add(node.inputs[1], positions->max_len - frames + 1, "position");
    }
  }
  return ranges;
}

}  // namespace nest::runtime
