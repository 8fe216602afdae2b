#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nest/runtime/isa.h"
#include "runtime/lower.h"
#include "runtime/matmul.h"
#include "runtime/program.h"

namespace nest::runtime {

/// Turns lowered nodes into steps for one set of axis lengths.
class Binder {
 public:
  struct Inputs {
    const graph::Graph& graph;
    const Lowered& lowered;
    const std::map<std::string, graph::ActivationQuantization, std::less<>>& activations;
    WeightStore& store;
    bool sparse = true;  ///< leave blocks of zeros out
    int threads = 1;
    std::optional<Isa> isa =
        {};  ///< on which int4 and sparse int8 weights are held as is measured faster
    graph::ActivationObserver* observer = nullptr;
  };
  /// What a product reads: rows, and how many matrices like its own in turn; 0: the whole model.
  struct Reading {
    std::int64_t rows = 1;
    std::int64_t matrices = 0;
  };
  Binder(const Inputs& in, graph::Bindings bindings, const std::set<std::string>& absent,
         const std::set<std::string>& constant);

  Program take();

  // --- for the emit functions -------------------------------------------------------------------
  Shape shape(graph::ValueId value) const;
  /// Place of an input value; slot is kNoSlot if it is absent.
  Place place(graph::ValueId value) const;
  /// A new slot for an output of the given node, dense.
  Place define(graph::ValueId value);
  void define_at(graph::ValueId value, const Place& place);
  /// True if something reads this output.
  bool is_used(graph::ValueId value) const;
  Slot scratch(std::int64_t bytes) { return program_.add_slot(bytes); }
  int threads() const { return in_.threads; }
  /// Of the product `name`: a node, for recurrent layers with a role behind it ("lstm/l0r/ih").
  ActivationScale activation(const std::string& name) const;

  PackedMatrix matrix(const LoweredNode& node, std::size_t weight, std::string_view role,
                      const Reading& reading) const;
  const float* floats(const LoweredNode& node, std::size_t weight, std::string_view role) const;
  WeightStore& store() const { return in_.store; }

  /// Appends a step; reads and writes drive the memory plan.
  template <class S>
  void add(const LoweredNode& node, S step, std::string detail, std::vector<Slot> reads,
           std::vector<Slot> writes) {
    auto owned = std::make_unique<S>(std::move(step));
    owned->name = node.name;
    owned->detail = std::move(detail);
    owned->reads = std::move(reads);
    owned->writes = std::move(writes);
    program_.steps.push_back(std::move(owned));
  }

 private:
  void add_inputs(const std::set<std::string>& absent);
  void add_outputs();

  Inputs in_;
  Program program_;
  std::vector<Place> places_;  ///< by root value
};

// One function a node kind; each file in steps/ holds a group of them.
void emit_linear(Binder& binder, const LoweredNode& node);
void emit_conv(Binder& binder, const LoweredNode& node);
void emit_spatial_fir(Binder& binder, const LoweredNode& node);
void emit_depthwise_time(Binder& binder, const LoweredNode& node);
void emit_recurrent(Binder& binder, const LoweredNode& node);
void emit_attention(Binder& binder, const LoweredNode& node);
void emit_additive(Binder& binder, const LoweredNode& node);
void emit_location(Binder& binder, const LoweredNode& node);
void emit_rows(Binder& binder, const LoweredNode& node);       ///< norm, softmax, activation, glu
void emit_channels(Binder& binder, const LoweredNode& node);   ///< batch norm, pool
void emit_broadcast(Binder& binder, const LoweredNode& node);  ///< add, mul
void emit_layout(Binder& binder, const LoweredNode& node);     ///< permute, slice, concat
void emit_embedding(Binder& binder, const LoweredNode& node);
void emit_lookup(Binder& binder, const LoweredNode& node);  ///< positions, counts

Act act_of(graph::Activation activation);
/// The activation a node carries in its epilogue.
Act epilogue_act(const LoweredNode& node);

}  // namespace nest::runtime
