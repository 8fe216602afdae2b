#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "nest/graph/graph.h"
#include "runtime/kernels/kernels.h"
#include "runtime/pool.h"

namespace nest::runtime {

/// A stretch of the arena, known by index until the memory plan gives it a place.
using Slot = std::int32_t;
inline constexpr Slot kNoSlot = -1;

/// What a step sees when it runs.
struct Frame {
  std::byte* arena = nullptr;
  const std::int64_t* offsets = nullptr;
  const Kernels* kernels = nullptr;
  Pool* pool = nullptr;

  template <class T = float>
  T* at(Slot slot) const {
    return reinterpret_cast<T*>(arena + offsets[slot]);
  }
  /// Null for kNoSlot.
  template <class T = float>
  T* maybe(Slot slot) const {
    return slot == kNoSlot ? nullptr : at<T>(slot);
  }
};

/// One prepared operation: all sizes fixed, all memory planned, nothing left to check.
class Step {
 public:
  virtual ~Step() = default;
  virtual void run(const Frame& frame) const noexcept = 0;

  std::string name;    ///< the graph node
  std::string detail;  ///< "linear int8 15x512x2048 + relu"
  std::vector<Slot> reads;
  std::vector<Slot> writes;  ///< outputs and scratch
  double executed_macs = 0;
  double weight_bytes = 0;
};

/// Where a graph value lies: `columns` are the elements of the last axis, `row` the distance of
/// two of them (larger than `columns` in a slice of a fused product), `begin` the first column.
struct Place {
  Slot slot = kNoSlot;
  std::int64_t begin = 0;
  std::int64_t row = 0;
};

struct ProgramPort {
  std::string name;
  Slot slot = kNoSlot;
  DType dtype = DType::kF32;
  Shape shape;
  std::string feeds;
  bool is_present = true;
};

/// A graph with concrete shapes: steps in order over one arena.
struct Program {
  graph::Bindings bindings;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<std::int64_t> sizes;    ///< bytes by slot
  std::vector<std::int64_t> offsets;  ///< by slot, filled by plan_memory
  std::vector<bool> pinned;           ///< inputs and outputs keep their place for the whole run
  std::vector<bool> is_constant;      ///< by step: depends on constant inputs only
  std::int64_t arena_bytes = 0;
  std::vector<ProgramPort> inputs;
  std::vector<ProgramPort> outputs;
  std::vector<std::string> notes;  ///< fallbacks, one line each

  Slot add_slot(std::int64_t bytes, bool is_pinned = false);
};

/// Marks the steps that depend on the named inputs only and pins what they write, so that they need
/// to run only when those inputs change.
void mark_constant(Program& program, const std::set<std::string>& inputs);

/// Gives every slot an offset so that slots alive at the same time never overlap; sets arena_bytes.
/// Largest first, each at the lowest gap that fits (Pisarchyk & Lee 2020, greedy by size).
void plan_memory(Program& program);

/// Sum over the steps of what must be alive at least: the lower bound of any plan.
std::int64_t least_memory(const Program& program);

}  // namespace nest::runtime
