#include <algorithm>
#include <cstring>

#include "nest/core/error.h"
#include "runtime/binder.h"

/// LSTM and GRU: the input projection of all frames is one product, then one small product and one
/// fused cell update a frame. The two directions run as two tasks, on more threads as several each.
namespace nest::runtime {
namespace {

struct Sizes {
  bool is_lstm = false;
  std::int64_t batch = 0, time = 0, hidden = 0;
  int gates = 0, directions = 1;
};

struct Direction {
  MatMul input, hidden;  ///< W_ih (with both biases for an LSTM), W_hh
  bool is_backward = false;
  Slot projected = kNoSlot;  ///< [B, T, gates * H]
  Slot sums = kNoSlot;       ///< [B, gates * H]
  Slot cell = kNoSlot;       ///< [B, H], LSTM only
  Slot start = kNoSlot;      ///< [B, H] zeros
  Slot scratch = kNoSlot;
};

class RecurrentStep : public Step {
 public:
  Sizes s;
  std::vector<Direction> directions;
  std::int64_t layer = 0;
  Place x;  ///< [B, T, in]
  Slot y = kNoSlot, h0 = kNoSlot, c0 = kNoSlot, h_n = kNoSlot, c_n = kNoSlot;
  int parts = 1;  ///< tasks for one direction
  int threads = 1;

  void run(const Frame& f) const noexcept override {
    if (parts == 1) {
      f.pool->run(s.directions, [&](int d) { run_alone(f, d); });
    } else {
      run_together(f);
    }
  }

 private:
  /// One direction from its first frame to its last.
  void run_alone(const Frame& f, int index) const noexcept {
    begin(f, index, 1);
    for (std::int64_t i = 0; i < s.time; ++i) {
      const Moment at = moment(f, index, i);
      round(f, index, at);
      update(f, index, at, 0, s.hidden, 0);
    }
    finish(f, index);
  }

  /// All directions frame by frame, the units of each split over tasks: panels of columns of every
  /// gate. A task ends with the cells of its units, so a frame is one section.
  void run_together(const Frame& f) const noexcept {
    for (int d = 0; d < s.directions; ++d) begin(f, d, threads);
    const std::int64_t panels = s.hidden / kPanel;
    for (std::int64_t i = 0; i < s.time; ++i) {
      for (int d = 0; d < s.directions; ++d) round(f, d, moment(f, d, i));
      f.pool->run(s.directions * parts, [&](int task) {
        const int d = task / parts, part = task % parts;
        update(f, d, moment(f, d, i), panels * part / parts * kPanel,
               panels * (part + 1) / parts * kPanel, part);
      });
    }
    for (int d = 0; d < s.directions; ++d) finish(f, d);
  }

  std::int64_t state_offset(int d) const { return (layer * s.directions + d) * s.batch * s.hidden; }
  const Direction& direction(int index) const {
    return directions[static_cast<std::size_t>(index)];
  }
  std::int64_t width() const { return s.gates * s.hidden; }
  std::int64_t out_row() const { return s.directions * s.hidden; }

  /// Input products of all frames, and the states to start from.
  void begin(const Frame& f, int index, int parts_here) const noexcept {
    const Direction& d = direction(index);
    d.input.run(f,
                {s.batch * s.time, f.at(x.slot) + x.begin, x.row, f.at(d.projected), width(),
                 nullptr, 0, f.maybe<void>(d.scratch)},
                parts_here);
    std::memset(f.at(d.start), 0, static_cast<std::size_t>(s.batch * s.hidden) * sizeof(float));
  }
  const float* start(const Frame& f, int index, Slot given) const noexcept {
    return given != kNoSlot ? f.at(given) + state_offset(index) : f.at(direction(index).start);
  }

  float* out(const Frame& f, int index, std::int64_t i) const noexcept {
    const std::int64_t t = direction(index).is_backward ? s.time - 1 - i : i;
    return f.at(y) + t * out_row() + index * s.hidden;
  }
  struct State {
    const float* h;
    std::int64_t ld_h;
    const float* c;
  };
  /// In front of frame i of a direction.
  State state(const Frame& f, int index, std::int64_t i) const noexcept {
    if (i == 0) return {start(f, index, h0), s.hidden, start(f, index, c0)};
    return {out(f, index, i - 1), s.time * out_row(), f.maybe(direction(index).cell)};
  }
  /// What frame i of a direction reads and writes.
  struct Moment {
    State before;
    const float* x;
    float* out;
    bool is_odd;
  };
  Moment moment(const Frame& f, int index, std::int64_t i) const noexcept {
    const Direction& d = direction(index);
    const std::int64_t t = d.is_backward ? s.time - 1 - i : i;
    return {state(f, index, i), f.at(d.projected) + t * width(), out(f, index, i), i % 2 == 1};
  }
  MatMul::Operands hidden_product(const Frame& f, const Direction& d,
                                  const Moment& at) const noexcept {
    MatMul::Operands o;
    o.m = s.batch;
    o.x = at.before.h;
    o.ldx = at.before.ld_h;
    o.y = f.at(d.sums);
    o.ldy = width();
    o.residual = s.is_lstm ? at.x : nullptr;
    o.ld_residual = s.time * width();
    o.scratch = f.maybe<void>(d.scratch);
    // Every other frame walks the weights backwards, so the cache still holds where it begins.
    o.is_reversed = at.is_odd;
    return o;
  }
  void round(const Frame& f, int index, const Moment& at) const noexcept {
    const Direction& d = direction(index);
    d.hidden.round(f, hidden_product(f, d, at));
  }
  /// Units [first, last) of all gates, then their cells.
  void update(const Frame& f, int index, const Moment& at, std::int64_t first, std::int64_t last,
              int part) const noexcept {
    const Direction& d = direction(index);
    const MatMul::Operands operands = hidden_product(f, d, at);
    const std::int64_t n = last - first;
    if (n == s.hidden) {
      d.hidden.multiply(f, operands, 0, width(), part);
    } else {
      for (int i = 0; i < s.gates; ++i) {
        const std::int64_t gate = at.is_odd ? s.gates - 1 - i : i;
        d.hidden.multiply(f, operands, gate * s.hidden + first, gate * s.hidden + last, part);
      }
    }
    const float* sums = f.at(d.sums) + first;
    for (std::int64_t b = 0; b < s.batch; ++b) {
      float* out = at.out + b * s.time * out_row() + first;
      if (s.is_lstm) {
        f.kernels->lstm_cell(sums + b * width(), s.hidden, at.before.c + b * s.hidden + first,
                             f.at(d.cell) + b * s.hidden + first, out, n);
      } else {
        f.kernels->gru_cell(at.x + b * s.time * width() + first, sums + b * width(), s.hidden,
                            at.before.h + b * at.before.ld_h + first, out, n);
      }
    }
  }

  void finish(const Frame& f, int index) const noexcept {
    const State last = state(f, index, s.time);
    const auto bytes = static_cast<std::size_t>(s.hidden) * sizeof(float);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      const std::int64_t to = state_offset(index) + b * s.hidden;
      std::memcpy(f.at(h_n) + to, last.h + b * last.ld_h, bytes);
      if (s.is_lstm) std::memcpy(f.at(c_n) + to, last.c + b * s.hidden, bytes);
    }
  }
};

/// Tasks that share one direction: none while there is a direction for every thread, none so small
/// that meeting once a frame takes longer than it saves, and no panel is split.
int parts_of(const Sizes& s, int threads, double hidden_bytes) {
  constexpr double kLeastBytes = 192 << 10;  // read in about a microsecond
  if (threads <= s.directions || s.hidden % kPanel != 0) return 1;
  const int wanted = threads % s.directions == 0 ? threads / s.directions : threads;
  const auto most = std::min<std::int64_t>(s.hidden / kPanel,
                                           static_cast<std::int64_t>(hidden_bytes / kLeastBytes));
  return static_cast<int>(std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(most, 1)));
}

LazyFloats sum_of(const LazyFloats& a, const LazyFloats& b) {
  return [a, b] {
    auto x = a();
    const auto y = b();
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
    return x;
  };
}

template <class O>
std::pair<Sizes, std::int64_t> sizes_of(const O& op, const Shape& x, bool is_lstm) {
  return {{is_lstm, x.at(0), x.at(1), op.hidden_size, is_lstm ? 4 : 3, op.bidirectional ? 2 : 1},
          op.num_layers};
}

Direction make_direction(Binder& binder, const LoweredNode& node, const Sizes& s,
                         std::int64_t layer, int index) {
  const auto first = static_cast<std::size_t>((layer * s.directions + index) * 4);
  const std::string role = fmt::format("l{}{}", layer, index == 1 ? "r" : "");
  const std::int64_t width = s.gates * s.hidden;
  const auto& w = node.weights;
  Direction d;
  d.is_backward = index == 1;
  d.input.weight = binder.matrix(node, first, role + "/ih", {s.batch * s.time});
  d.hidden.weight = binder.matrix(node, first + 1, role + "/hh", {s.batch, s.directions});
  d.input.activation = binder.activation(node.name + "/" + role + "/ih");
  d.hidden.activation = binder.activation(node.name + "/" + role + "/hh");
  if (s.is_lstm) {
    d.input.bias = float_block(binder.store(), node.name + "/" + role + "/bias", width,
                               sum_of(w.at(first + 2).values, w.at(first + 3).values));
    d.cell = binder.scratch(s.batch * s.hidden * 4);
  } else {
    d.input.bias = binder.floats(node, first + 2, role + "/bias_ih");
    d.hidden.bias = binder.floats(node, first + 3, role + "/bias_hh");
  }
  d.projected = binder.scratch(s.batch * s.time * width * 4);
  d.sums = binder.scratch(s.batch * width * 4);
  d.start = binder.scratch(s.batch * s.hidden * 4);
  const int parts = binder.threads();
  const std::int64_t bytes =
      std::max(MatMul::scratch_bytes(d.input.weight, s.batch * s.time, parts),
               MatMul::scratch_bytes(d.hidden.weight, s.batch, parts));
  if (bytes > 0) d.scratch = binder.scratch(bytes);
  return d;
}

}  // namespace

void emit_recurrent(Binder& binder, const LoweredNode& node) {
  const Shape in = binder.shape(node.inputs[0]);
  const auto* lstm = std::get_if<graph::Lstm>(&node.op);
  const auto [s, layers] = lstm != nullptr ? sizes_of(*lstm, in, true)
                                           : sizes_of(std::get<graph::Gru>(node.op), in, false);
  require(s.time > 0, ErrorCode::kInvalidArgument, "the sequence has no frames");
  const auto state = [&](std::size_t i) {
    return i < node.inputs.size() ? binder.place(node.inputs[i]).slot : kNoSlot;
  };
  const Place y = binder.define(node.outputs[0]);
  const Slot h_n = binder.define(node.outputs[1]).slot;
  const Slot c_n = s.is_lstm ? binder.define(node.outputs[2]).slot : kNoSlot;
  Place x = binder.place(node.inputs[0]);
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    RecurrentStep step;
    step.s = s;
    step.layer = layer;
    step.x = x;
    step.h0 = state(1);
    step.c0 = s.is_lstm ? state(2) : kNoSlot;
    step.h_n = h_n;
    step.c_n = c_n;
    step.threads = binder.threads();
    step.y = layer + 1 == layers ? y.slot
                                 : binder.scratch(s.batch * s.time * s.directions * s.hidden * 4);
    std::vector<Slot> reads{x.slot, step.h0, step.c0}, writes{step.y, h_n, c_n};
    for (int i = 0; i < s.directions; ++i) {
      const Direction d = make_direction(binder, node, s, layer, i);
      for (const Slot slot : {d.projected, d.sums, d.cell, d.start, d.scratch})
        writes.push_back(slot);
      for (const PackedMatrix* w : {&d.input.weight, &d.hidden.weight}) {
        step.executed_macs += static_cast<double>(s.batch * s.time) * w->products;
        step.weight_bytes += w->bytes;
      }
      step.directions.push_back(d);
    }
    step.parts = parts_of(s, step.threads, step.directions[0].hidden.weight.bytes);
    const auto detail = fmt::format("{} layer {} {} {}x{}x{}{}", s.is_lstm ? "lstm" : "gru", layer,
                                    what_runs(step.directions[0].hidden), s.batch * s.time,
                                    step.directions[0].input.weight.k, s.hidden,
                                    s.directions == 2 ? " both directions" : "");
    x = {step.y, 0, s.directions * s.hidden};
    binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
  }
}

}  // namespace nest::runtime
