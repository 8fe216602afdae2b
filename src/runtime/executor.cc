#include "nest/runtime/executor.h"

#include <algorithm>
#include <cstring>

#include "nest/core/error.h"
#include "runtime/arena.h"
#include "runtime/program.h"
#include "runtime/ragged.h"

namespace nest::runtime {
namespace {

constexpr std::size_t kCachedPlans = 8;

void check_indices(const std::vector<IndexRange>& ranges, const TensorMap& inputs) {
  for (const IndexRange& range : ranges) {
    const auto found = inputs.find(range.port);
    if (found == inputs.end()) continue;
    for (const std::int64_t value : found->second.data<std::int64_t>()) {
      require(value >= 0 && value < range.limit, ErrorCode::kInvalidArgument,
              "input '{}': {} {} is outside [0, {})", range.port, range.what, value, range.limit);
    }
  }
}

}  // namespace

struct NativeExecutor::Cached {
  std::string graph;
  graph::Bindings bindings;
  std::set<std::string> absent;
  std::shared_ptr<const Program> program;
  std::vector<IndexRange> ranges;
  Arena arena;
};

NativeExecutor::NativeExecutor(graph::Model model, const Options& options)
    : NativeExecutor(std::make_shared<const PreparedModel>(std::move(model), options)) {}

NativeExecutor::NativeExecutor(std::shared_ptr<const PreparedModel> prepared)
    : prepared_(std::move(prepared)),
      pool_({prepared_->options().threads, prepared_->options().spin_us,
             prepared_->options().pin_threads}) {}

NativeExecutor::~NativeExecutor() = default;

std::int64_t NativeExecutor::weight_bytes() const {
  return static_cast<std::int64_t>(prepared_->weight_bytes());
}

std::string NativeExecutor::describe() const {
  return fmt::format("native {} {} {} thread{}", name_of(prepared_->isa()),
                     prepared_->options().precision, pool_.threads(),
                     pool_.threads() == 1 ? "" : "s");
}

const NativeExecutor::Cached& NativeExecutor::cached(const graph::Graph& graph,
                                                     const TensorMap& inputs) {
  const graph::Bindings bindings = graph::bind(graph, inputs);
  std::set<std::string> absent;
  for (const graph::Port& port : graph.inputs) {
    if (!inputs.contains(port.name)) absent.insert(port.name);
  }
  for (const graph::Port& port : graph.outputs) absent.erase(port.feeds);  // absent state is zeros
  const auto found = std::find_if(cache_.begin(), cache_.end(), [&](const Cached& entry) {
    return entry.graph == graph.name && entry.bindings == bindings && entry.absent == absent;
  });
  if (found != cache_.end()) {
    cache_.splice(cache_.begin(), cache_, found);
    return cache_.front();
  }
  const auto program = prepared_->plan(graph.name, bindings, absent);
  cache_.push_front({graph.name, bindings, absent, program, index_ranges(graph, bindings),
                     Arena(program->arena_bytes)});
  if (cache_.size() > kCachedPlans) cache_.pop_back();
  return cache_.front();
}

TensorMap NativeExecutor::run(std::string_view name, const TensorMap& inputs) {
  const graph::Graph& graph = model().graph(name);
  const auto lengths = inputs.find("lengths");
  if (lengths == inputs.end()) return run_dense(graph, inputs);
  TensorMap rest = inputs;
  const Tensor given = lengths->second;
  rest.erase("lengths");
  return run_ragged(graph, rest, given);
}

TensorMap NativeExecutor::run_dense(const graph::Graph& graph, const TensorMap& inputs) {
  const Cached& entry = cached(graph, inputs);
  check_indices(entry.ranges, inputs);
  const Program& program = *entry.program;
  const Frame frame{entry.arena.data(), program.offsets.data(), &prepared_->kernels(), &pool_};
  for (const ProgramPort& port : program.inputs) {
    if (!port.is_present) continue;
    const auto bytes = static_cast<std::size_t>(numel(port.shape)) * size_of(port.dtype);
    const auto given = inputs.find(port.name);
    if (given == inputs.end()) {
      std::memset(frame.at<std::byte>(port.slot), 0, bytes);
    } else if (bytes > 0) {
      std::memcpy(frame.at<std::byte>(port.slot), given->second.raw(), bytes);
    }
  }
  for (const auto& step : program.steps) step->run(frame);
  TensorMap outputs;
  for (const ProgramPort& port : program.outputs) {
    Tensor tensor(port.dtype, port.shape);
    if (tensor.nbytes() > 0) {
      std::memcpy(tensor.mutable_raw(), frame.at<std::byte>(port.slot), tensor.nbytes());
    }
    outputs.emplace(port.name, std::move(tensor));
  }
  return outputs;
}

TensorMap NativeExecutor::run_ragged(const graph::Graph& graph, const TensorMap& inputs,
                                     const Tensor& lengths) {
  const RaggedBatch batch(graph, inputs, lengths);
  if (batch.is_dense()) return run_dense(graph, inputs);
  TensorMap outputs = batch.empty_outputs();
  for (std::int64_t item = 0; item < batch.size(); ++item) {
    with_context(fmt::format("item {}", item),
                 [&] { batch.paste(item, run_dense(graph, batch.item_inputs(item)), outputs); });
  }
  return outputs;
}

}  // namespace nest::runtime
