#include "nest/runtime/prepared.h"

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "runtime/binder.h"

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
        if (dim.eval(bindings) < 1) return false;
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

/// Scales must be of products this model has.
void check_products(const graph::Model& model, const Options& options) {
  std::set<std::string, std::less<>> nodes;
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) nodes.insert(node.name);
  }
  for (const auto& [product, scale] : options.activation_scales) {
    const std::string_view node = std::string_view(product).substr(0, product.find('/'));
    require(nodes.contains(node), ErrorCode::kInvalidArgument,
            "there is an activation scale for '{}', but no layer '{}'", product, node);
  }
}

}  // namespace

PreparedModel::PreparedModel(graph::Model model, Options options)
    : PreparedModel(std::move(model), std::move(options), true) {}

PreparedModel::PreparedModel(graph::Model model, Options options, bool has_weights)
    : model_(std::move(model)),
      options_(std::move(options)),
      isa_(Isa::kGeneric),
      kernels_(nullptr),
      store_(std::make_unique<WeightStore>()) {
  validate(options_);
  check_products(model_, options_);
  if (options_.record_activations) maxima_ = std::make_unique<ActivationMaxima>();
  isa_ = choose_isa(options_.isa);
  kernels_ = &kernels_for(isa_);
  for (const auto& [name, graph] : model_.graphs) {
    with_context("graph " + name,
                 [&] { graph::validate(graph, has_weights ? &model_.weights : nullptr); });
  }
  log_debug("native runtime: {} {}", name_of(isa_), options_.precision);
}

PreparedModel::~PreparedModel() = default;

const Lowered& PreparedModel::lowered(std::string_view graph) const {
  const auto found = lowered_.find(graph);
  if (found != lowered_.end()) return *found->second;
  auto made = std::make_unique<Lowered>(lower(model_.graph(graph), model_.weights, options_));
  return *lowered_.emplace(std::string(graph), std::move(made)).first->second;
}

std::shared_ptr<const Program> PreparedModel::plan(std::string_view graph,
                                                   const graph::Bindings& bindings,
                                                   const std::set<std::string>& absent,
                                                   const std::set<std::string>& constant) const {
  const std::lock_guard lock(mutex_);
  const Lowered& low = lowered(graph);
  const int threads = options_.threads;
  Binder binder(
      {model_.graph(graph), low, options_, *store_, threads == 0 ? 256 : threads, maxima_.get()},
      bindings, absent, constant);
  return std::make_shared<const Program>(binder.take());
}

void PreparedModel::pack_all(std::string_view graph) const {
  plan(graph, smallest_bindings(model_.graph(graph)), {});
}

void PreparedModel::seal() {
  for (const auto& [name, graph] : model_.graphs) pack_all(name);
  const std::lock_guard lock(mutex_);
  for (auto& [name, low] : lowered_) {
    for (LoweredNode& node : low->nodes) {
      for (LoweredWeight& weight : node.weights) {
        weight.values = [node_name = node.name]() -> std::vector<float> {
          fail(ErrorCode::kInternal, "float weights of '{}' were dropped", node_name);
        };
      }
    }
  }
  model_.weights.clear();
}

std::map<std::string, float, std::less<>> PreparedModel::activation_maxima() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, float, std::less<>> found;
  if (maxima_ == nullptr) return found;
  for (const auto& [name, largest] : maxima_->by_product) found[name] = largest.load();
  return found;
}

std::map<std::string, float, std::less<>> activation_scales(
    const std::map<std::string, float, std::less<>>& maxima) {
  std::map<std::string, float, std::less<>> scales;
  for (const auto& [name, largest] : maxima) {
    if (largest > 0) scales[name] = largest / 127.0f;
  }
  return scales;
}

std::size_t PreparedModel::weight_bytes() const {
  const std::lock_guard lock(mutex_);
  return store_->total_bytes();
}

std::string PreparedModel::report(std::string_view graph, const graph::Bindings& bindings,
                                  const std::set<std::string>& absent) const {
  const auto program = plan(graph, bindings, absent);
  std::string text = fmt::format("graph {} on {}, default precision {}, {} threads\n", graph,
                                 name_of(isa_), options_.precision, options_.threads);
  double macs = 0;
  for (const auto& step : program->steps) {
    macs += step->macs;
    text += fmt::format("  {:<44} {}\n", step->name, step->detail);
  }
  text += fmt::format("{:.2f} MMAC, packed weights {:.2f} MB, arena {:.3f} MB (least {:.3f} MB)\n",
                      macs / 1e6, static_cast<double>(weight_bytes()) / 1e6,
                      static_cast<double>(program->arena_bytes) / 1e6,
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
