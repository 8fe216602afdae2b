#include "nest/runtime/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "nest/core/error.h"
#include "runtime/arena.h"
#include "runtime/arena_guard.h"
#include "runtime/live_memory.h"
#include "runtime/machine_impl.h"
#include "runtime/prepared_impl.h"

namespace nest::runtime {

/// One state input and the output that feeds it; `rows` batches of `row_bytes`, `outer` times.
struct StateLink {
  std::byte* to = nullptr;
  const std::byte* from = nullptr;
  std::size_t bytes = 0;
  std::int64_t outer = 1, rows = 1;
  std::size_t row_bytes = 0;
};

namespace {

std::set<std::string> absent_inputs(const graph::Graph& graph,
                                    const std::set<std::string>& present) {
  for (const std::string& name : present) graph.input(name);
  std::set<std::string> absent;
  for (const graph::Port& port : graph.inputs) {
    if (port.is_optional && !present.contains(port.name)) absent.insert(port.name);
  }
  for (const graph::Port& port : graph.outputs) absent.erase(port.feeds);
  return absent;
}

}  // namespace

struct Session::Impl {
  std::shared_ptr<const PreparedModel> prepared;
  const graph::Graph* graph = nullptr;
  std::shared_ptr<const Program> program;
  std::shared_ptr<Machine> machine;
  Arena arena;
  Frame frame;
  std::vector<StateLink> links;
  std::vector<IndexRange> ranges;
  std::vector<double> seconds;  ///< by step, if profiling
  bool is_stale = true;         ///< constant steps must run

  const ProgramPort& input(std::string_view name, DType dtype) const {
    const ProgramPort& port = find(program->inputs, name, "input");
    require(port.is_present, ErrorCode::kInvalidArgument, "input '{}' was left out of this session",
            name);
    expect(port, dtype);
    return port;
  }
  static void expect(const ProgramPort& port, DType dtype) {
    require(port.dtype == dtype, ErrorCode::kInvalidArgument, "'{}' holds {}, not {}", port.name,
            name_of(port.dtype), name_of(dtype));
  }
  static const ProgramPort& find(const std::vector<ProgramPort>& ports, std::string_view name,
                                 std::string_view what) {
    for (const ProgramPort& port : ports) {
      if (port.name == name) return port;
    }
    std::string known;
    for (const ProgramPort& port : ports) known += (known.empty() ? "" : ", ") + port.name;
    fail(ErrorCode::kNotFound, "no {} '{}'; there are: {}", what, name, known);
  }
  void link_states();
};

void Session::Impl::link_states() {
  for (const ProgramPort& out : program->outputs) {
    if (out.feeds.empty()) continue;
    const ProgramPort& in = find(program->inputs, out.feeds, "input");
    if (!in.is_present) continue;
    require(in.shape == out.shape, ErrorCode::kInternal, "state '{}' {} feeds '{}' {}", out.name,
            to_string(out.shape), in.name, to_string(in.shape));
    StateLink link{frame.at<std::byte>(in.slot), frame.at<std::byte>(out.slot),
                   static_cast<std::size_t>(numel(out.shape)) * size_of(out.dtype)};
    const graph::Value& value = graph->value(graph->output(out.name).value);
    link.row_bytes = link.bytes;
    for (std::size_t axis = 0; axis < out.shape.size(); ++axis) {
      if (value.shape[axis].symbol_name() != "B") continue;
      link.rows = out.shape[axis];
      for (std::size_t i = 0; i < axis; ++i) link.outer *= out.shape[i];
      link.row_bytes =
          link.bytes / static_cast<std::size_t>(std::max<std::int64_t>(1, link.outer * link.rows));
      break;
    }
    links.push_back(link);
  }
}

Session::Session(std::shared_ptr<const PreparedModel> prepared, std::string_view graph,
                 const graph::Bindings& bindings, const std::set<std::string>& present,
                 std::shared_ptr<Machine> machine)
    : Session(std::move(prepared),
              Spec{std::string(graph), bindings, present, {}, std::move(machine), false}) {}

Session::Session(std::shared_ptr<const PreparedModel> prepared, const Spec& spec)
    : impl_(std::make_unique<Impl>()) {
  impl_->graph = &prepared->model().graph(spec.graph);
  const std::set<std::string> absent = absent_inputs(*impl_->graph, spec.present);
  for (const std::string& name : spec.constant) impl_->graph->input(name);
  impl_->machine = spec.machine != nullptr ? spec.machine : std::make_shared<Machine>();
  Machine::Impl& machine = impl_->machine->impl();
  impl_->program = prepared->impl().plan(
      {spec.graph, spec.bindings, absent, spec.constant, machine.pool.threads(), machine.isa});
  impl_->arena = Arena(impl_->program->arena_bytes);
  impl_->frame = {impl_->arena.data(), impl_->program->offsets.data(), machine.kernels,
                  &machine.pool};
  impl_->ranges = index_ranges(*impl_->graph, spec.bindings);
  if (spec.is_profiled) impl_->seconds.resize(impl_->program->steps.size());
  impl_->prepared = std::move(prepared);
  impl_->link_states();
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

std::span<float> Session::input(std::string_view name) {
  const ProgramPort& port = impl_->input(name, DType::kF32);
  return {impl_->frame.at<float>(port.slot), static_cast<std::size_t>(numel(port.shape))};
}
std::span<std::int64_t> Session::input_i64(std::string_view name) {
  const ProgramPort& port = impl_->input(name, DType::kI64);
  return {impl_->frame.at<std::int64_t>(port.slot), static_cast<std::size_t>(numel(port.shape))};
}
std::span<bool> Session::input_bool(std::string_view name) {
  const ProgramPort& port = impl_->input(name, DType::kBool);
  return {impl_->frame.at<bool>(port.slot), static_cast<std::size_t>(numel(port.shape))};
}
std::span<const float> Session::output(std::string_view name) const {
  const ProgramPort& port = Impl::find(impl_->program->outputs, name, "output");
  Impl::expect(port, DType::kF32);
  return {impl_->frame.at<float>(port.slot), static_cast<std::size_t>(numel(port.shape))};
}

const Shape& Session::shape(std::string_view name) const {
  for (const ProgramPort& port : impl_->program->outputs) {
    if (port.name == name) return port.shape;
  }
  return Impl::find(impl_->program->inputs, name, "port").shape;
}

bool Session::has_input(std::string_view name) const {
  for (const ProgramPort& port : impl_->program->inputs) {
    if (port.name == name) return port.is_present;
  }
  return false;
}

void Session::run() noexcept {
  const auto& steps = impl_->program->steps;
  const std::vector<bool>& is_constant = impl_->program->is_constant;
  const bool is_timed = !impl_->seconds.empty();
  using Clock = std::chrono::steady_clock;
  auto begin = is_timed ? Clock::now() : Clock::time_point();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!is_constant[i] || impl_->is_stale) run_step(*impl_->program, i, impl_->frame);
    if (!is_timed) continue;
    const auto end = Clock::now();
    impl_->seconds[i] = std::chrono::duration<double>(end - begin).count();
    begin = end;
  }
  impl_->is_stale = false;
}

void Session::refresh() noexcept {
  impl_->is_stale = true;
}

void Session::advance() noexcept {
  for (const StateLink& link : impl_->links) std::memcpy(link.to, link.from, link.bytes);
}

void Session::advance(std::span<const int> rows) noexcept {
  for (const StateLink& link : impl_->links) {
    for (std::int64_t o = 0; o < link.outer; ++o) {
      for (std::size_t i = 0; i < rows.size() && static_cast<std::int64_t>(i) < link.rows; ++i) {
        const auto base = static_cast<std::size_t>(o * link.rows);
        std::memcpy(link.to + (base + i) * link.row_bytes,
                    link.from + (base + static_cast<std::size_t>(rows[i])) * link.row_bytes,
                    link.row_bytes);
      }
    }
  }
}

void Session::reset() noexcept {
  for (const StateLink& link : impl_->links) std::memset(link.to, 0, link.bytes);
}

void Session::copy_state(const Session& from) {
  const auto& theirs = from.impl_->links;
  require(impl_->graph == from.impl_->graph && impl_->links.size() == theirs.size(),
          ErrorCode::kInvalidArgument, "state of graph '{}' does not fit graph '{}'",
          from.impl_->graph->name, impl_->graph->name);
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const StateLink& link = impl_->links[i];
    require(link.bytes == theirs[i].bytes, ErrorCode::kInvalidArgument,
            "state {} of graph '{}' has {} bytes there and {} here", i, impl_->graph->name,
            theirs[i].bytes, link.bytes);
    std::memcpy(link.to, theirs[i].to, link.bytes);
  }
}

void Session::check_inputs() const {
  for (const IndexRange& range : impl_->ranges) {
    const ProgramPort& port = Impl::find(impl_->program->inputs, range.port, "input");
    if (!port.is_present) continue;
    const auto* values = impl_->frame.at<std::int64_t>(port.slot);
    for (std::int64_t i = 0; i < numel(port.shape); ++i) {
      require(values[i] >= 0 && values[i] < range.limit, ErrorCode::kInvalidArgument,
              "input '{}': {} {} is outside [0, {})", range.port, range.what, values[i],
              range.limit);
    }
  }
}

std::int64_t Session::arena_bytes() const {
  return impl_->program->arena_bytes;
}

std::vector<Session::StepMemory> Session::step_memory() const {
  const std::vector<std::int64_t> live = live_bytes(*impl_->program);
  std::vector<StepMemory> memory;
  for (std::size_t i = 0; i < live.size(); ++i) {
    const Step& step = *impl_->program->steps[i];
    memory.push_back({step.name, step.detail, live[i]});
  }
  return memory;
}

std::int64_t Session::measure_arena() {
  std::byte* arena = impl_->arena.data();
  const std::vector<std::byte> before(arena, arena + impl_->arena.size());
  const bool was_stale = impl_->is_stale;
  std::int64_t written = 0;
  // A byte that happens to be written with the paint's value is written otherwise on other paint.
  for (const int paint : {0xA5, 0x3C}) {
    std::memset(arena, paint, before.size());
    for (const ProgramPort& port : impl_->program->inputs) {
      if (!port.is_present) continue;
      const auto at = static_cast<std::size_t>(impl_->frame.at<std::byte>(port.slot) - arena);
      const std::size_t bytes = static_cast<std::size_t>(numel(port.shape)) * size_of(port.dtype);
      std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(at), bytes, arena + at);
    }
    impl_->is_stale = true;
    run();
    std::int64_t last = impl_->arena.size();
    while (last > written && arena[last - 1] == static_cast<std::byte>(paint)) --last;
    written = std::max(written, last);
  }
  std::ranges::copy(before, arena);
  impl_->is_stale = was_stale;
  return written;
}

std::vector<Session::StepTime> Session::step_times() const {
  std::vector<StepTime> times;
  for (std::size_t i = 0; i < impl_->seconds.size(); ++i) {
    const Step& step = *impl_->program->steps[i];
    times.push_back({step.name, step.detail, impl_->seconds[i], step.executed_macs,
                     step.weight_bytes, impl_->program->is_constant[i]});
  }
  return times;
}

}  // namespace nest::runtime
