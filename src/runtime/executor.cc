#include "nest/runtime/executor.h"

#include <algorithm>
#include <cstring>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "runtime/arena.h"
#include "runtime/arena_guard.h"
#include "runtime/machine_impl.h"
#include "runtime/prepared_impl.h"
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
  std::set<std::string> fixed;
  std::shared_ptr<const Program> program;
  std::vector<IndexRange> ranges;
  Arena arena;
  std::uint64_t fixed_by = 0;  ///< whose fixed inputs, and what follows from them, the arena holds
};

class NativeExecutor::FixedInputs final : public Bound {
 public:
  FixedInputs(NativeExecutor& executor, std::string_view graph, TensorMap fixed, std::uint64_t id)
      : executor_(executor),
        graph_(executor.model().graph(graph)),
        inputs_(std::move(fixed)),
        is_ragged_(inputs_.contains("lengths")) {
    fixed_.id = id;
    for (const auto& [name, tensor] : inputs_) fixed_.ports.insert(name);
  }
  TensorMap run(const TensorMap& rest) override {
    for (const auto& [name, tensor] : rest) inputs_.insert_or_assign(name, tensor);
    return is_ragged_ ? executor_.run(graph_.name, inputs_)
                      : executor_.run_dense(graph_, inputs_, fixed_);
  }

 private:
  NativeExecutor& executor_;
  const graph::Graph& graph_;
  TensorMap inputs_;
  bool is_ragged_;  ///< items of each length run over that alone
  Fixed fixed_;
};

std::unique_ptr<graph::Executor::Bound> NativeExecutor::bind(std::string_view graph,
                                                             TensorMap fixed) {
  return std::make_unique<FixedInputs>(*this, graph, std::move(fixed), ++last_fixed_);
}

NativeExecutor::NativeExecutor(std::shared_ptr<const PreparedModel> prepared,
                               const MachineOptions& machine)
    : NativeExecutor(std::move(prepared), std::make_shared<Machine>(machine)) {}

NativeExecutor::NativeExecutor(std::shared_ptr<const PreparedModel> prepared,
                               std::shared_ptr<Machine> machine)
    : prepared_(std::move(prepared)), machine_(std::move(machine)) {}

NativeExecutor::~NativeExecutor() = default;

std::int64_t NativeExecutor::weight_bytes() const {
  return static_cast<std::int64_t>(prepared_->weight_bytes());
}

std::string NativeExecutor::describe() const {
  return fmt::format("native {} {} {} thread{}", name_of(machine_->isa()),
                     graph::describe(model().quantization), machine_->threads(),
                     machine_->threads() == 1 ? "" : "s");
}

NativeExecutor::Cached& NativeExecutor::cached(const graph::Graph& graph, const TensorMap& inputs,
                                               const Fixed& fixed) {
  const graph::Bindings bindings = graph::bind(graph, inputs);
  std::set<std::string> absent;
  for (const graph::Port& port : graph.inputs) {
    if (!inputs.contains(port.name)) absent.insert(port.name);
  }
  for (const graph::Port& port : graph.outputs) absent.erase(port.feeds);  // absent state is zeros
  const auto found = std::find_if(cache_.begin(), cache_.end(), [&](const Cached& entry) {
    return entry.graph == graph.name && entry.bindings == bindings && entry.absent == absent &&
           entry.fixed == fixed.ports;
  });
  if (found != cache_.end()) {
    cache_.splice(cache_.begin(), cache_, found);
    return cache_.front();
  }
  const auto program = prepared_->impl().plan(
      {graph.name, bindings, absent, fixed.ports, machine_->threads(), machine_->isa()});
  cache_.push_front({graph.name, bindings, absent, fixed.ports, program,
                     index_ranges(graph, bindings), Arena(program->arena_bytes)});
  if (cache_.size() > kCachedPlans) cache_.pop_back();
  return cache_.front();
}

TensorMap NativeExecutor::run(std::string_view name, const TensorMap& inputs) {
  const graph::Graph& graph = model().graph(name);
  const auto lengths = inputs.find("lengths");
  if (lengths == inputs.end()) return run_dense(graph, inputs, {});
  TensorMap rest = inputs;
  const Tensor given = lengths->second;
  rest.erase("lengths");
  return run_ragged(graph, rest, given);
}

TensorMap NativeExecutor::run_dense(const graph::Graph& graph, const TensorMap& inputs,
                                    const Fixed& fixed) {
  Cached& entry = cached(graph, inputs, fixed);
  const bool is_held = fixed.id != 0 && entry.fixed_by == fixed.id;
  check_indices(entry.ranges, inputs);
  const Program& program = *entry.program;
  Machine::Impl& machine = machine_->impl();
  const Frame frame{entry.arena.data(), program.offsets.data(), machine.kernels, &machine.pool};
  for (const ProgramPort& port : program.inputs) {
    if (!port.is_present || (is_held && fixed.ports.contains(port.name))) continue;
    const auto bytes = static_cast<std::size_t>(numel(port.shape)) * size_of(port.dtype);
    const auto given = inputs.find(port.name);
    if (given == inputs.end()) {
      std::memset(frame.at<std::byte>(port.slot), 0, bytes);
    } else if (bytes > 0) {
      std::memcpy(frame.at<std::byte>(port.slot), given->second.raw(), bytes);
    }
  }
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    if (!is_held || !program.is_constant[i]) run_step(program, i, frame);
  }
  entry.fixed_by = fixed.id;
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
  if (batch.is_dense()) return run_dense(graph, inputs, {});
  TensorMap outputs = batch.empty_outputs();
  for (const std::vector<std::int64_t>& items : batch.groups()) {
    with_context(fmt::format("item {}", fmt::join(items, ", ")), [&] {
      batch.paste(items, run_dense(graph, batch.group_inputs(items), {}), outputs);
    });
  }
  return outputs;
}

}  // namespace nest::runtime
