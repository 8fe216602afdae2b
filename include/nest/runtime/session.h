#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/graph/dim.h"
#include "nest/runtime/machine.h"
#include "nest/runtime/prepared.h"

namespace nest::runtime {

/// The hot path: one graph at one shape, all memory planned and allocated up front.
///
///   Session encoder(prepared, "encoder", {{"B", 1}, {"T", 500}});
///   std::ranges::copy(window, encoder.input("eeg_data").begin());
///   encoder.run();
///   use(encoder.output("encoder_output"));
///
/// run() allocates nothing, takes no lock and throws nothing. Buffers keep their address for the
/// session's life; outputs are valid until the next run(). State: one thread at a time; many
/// sessions may share one PreparedModel. Sessions that run in turns on one thread may share a
/// Machine.
class Session {
 public:
  struct Spec {
    std::string graph;
    graph::Bindings bindings;
    /// Optional inputs to have; the others are left out. State inputs (see graph::Port::feeds) are
    /// always there and begin as zeros.
    std::set<std::string> present;
    /// Inputs that keep their value until refresh(): what depends on them alone (an encoder
    /// memory's projections) is computed once, not in every run().
    std::set<std::string> constant;
    std::shared_ptr<Machine> machine;  ///< null: an own one of default options
    bool is_profiled = false;          ///< time every step
  };
  /// Errors: NotFound for the graph or a port; InvalidArgument for a length that does not fit.
  Session(std::shared_ptr<const PreparedModel> prepared, const Spec& spec);
  Session(std::shared_ptr<const PreparedModel> prepared, std::string_view graph,
          const graph::Bindings& bindings, const std::set<std::string>& present = {},
          std::shared_ptr<Machine> machine = nullptr);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Errors: NotFound that lists the ports, InvalidArgument for the wrong element type.
  std::span<float> input(std::string_view port);
  std::span<std::int64_t> input_i64(std::string_view port);
  std::span<bool> input_bool(std::string_view port);
  std::span<const float> output(std::string_view port) const;
  const Shape& shape(std::string_view port) const;
  bool has_input(std::string_view port) const;

  void run() noexcept;
  /// Says that constant inputs have new values; the next run() computes what depends on them.
  void refresh() noexcept;

  /// Copies every state output into the input it feeds (for stateful graphs, after run()).
  void advance() noexcept;
  /// The same with rows of the batch chosen anew: row i continues row `rows[i]` (beam search).
  /// Every rows[i] must be in [0, B).
  void advance(std::span<const int> rows) noexcept;
  /// Zeros every state input.
  void reset() noexcept;
  /// Takes the state inputs of another session of the same graph, whatever its lengths.
  /// Errors: InvalidArgument if a state has another size there.
  void copy_state(const Session& from);

  /// Throws InvalidArgument if a token or offset is outside its table (run() clamps it).
  void check_inputs() const;

  /// Planned bytes of activations, scratch, inputs and outputs.
  std::int64_t arena_bytes() const;
  /// Bytes from the begin of the plan to the last one that a run writes: runs twice over painted
  /// memory; afterwards everything is as it was.
  std::int64_t measure_arena();
  struct StepMemory {
    std::string_view name;
    std::string_view detail;
    std::int64_t live_bytes = 0;  ///< of the plan while the step runs; the rest is free for others
  };
  std::vector<StepMemory> step_memory() const;

  /// Seconds of each step in the last run(), by "node: detail"; empty unless Spec::is_profiled.
  struct StepTime {
    std::string_view name;
    std::string_view detail;
    double seconds = 0;
    /// Multiply-adds that the plan carries out, without zeros that fill up vectors. The model's own
    /// number is graph/cost.h's: rewrites need fewer, attention windows and strides more.
    double executed_macs = 0;
    double weight_bytes = 0;
    bool is_constant = false;  ///< runs again only after refresh()
  };
  std::vector<StepTime> step_times() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::runtime
