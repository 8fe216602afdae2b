#include <algorithm>
#include <cstring>

#include "nest/core/error.h"
#include "runtime/binder.h"

/// LSTM and GRU: the input projection of all frames is one product, then one small product and one
/// fused cell update a frame. The two directions run as two tasks.
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
  int parts = 1;

  void run(const Frame& f) const noexcept override {
    if (directions.size() == 1) {
      run_direction(f, 0, parts);
    } else {
      f.pool->run(static_cast<int>(directions.size()), [&](int d) { run_direction(f, d, 1); });
    }
  }

 private:
  std::int64_t state_offset(int d) const { return (layer * s.directions + d) * s.batch * s.hidden; }

  void run_direction(const Frame& f, int index, int parts_here) const noexcept {
    const Direction& d = directions[static_cast<std::size_t>(index)];
    const std::int64_t width = s.gates * s.hidden, out_row = s.directions * s.hidden;
    float* projected = f.at(d.projected);
    d.input.run(f,
                {s.batch * s.time, f.at(x.slot) + x.begin, x.row, projected, width, nullptr, 0,
                 f.maybe<void>(d.scratch)},
                parts_here);
    const float* h = start_state(f, d, h0, index);
    std::int64_t ld_h = s.hidden;
    const float* c = s.is_lstm ? start_state(f, d, c0, index) : nullptr;
    for (std::int64_t i = 0; i < s.time; ++i) {
      const std::int64_t t = d.is_backward ? s.time - 1 - i : i;
      float* out = f.at(y) + t * out_row + index * s.hidden;
      const float* x_t = projected + t * width;
      // Every other frame walks the weights backwards, so the cache still holds where it begins.
      update(f, d, {h, ld_h, c, x_t, out, i % 2 == 1}, parts_here);
      h = out;
      ld_h = s.time * out_row;
      c = f.maybe(d.cell);
    }
    finish(f, d, index, h, ld_h, c);
  }

  struct Frames {
    const float* h;
    std::int64_t ld_h;
    const float* c;
    const float* x;
    float* out;
    bool is_odd;
  };
  void update(const Frame& f, const Direction& d, const Frames& at, int parts_here) const noexcept {
    const std::int64_t width = s.gates * s.hidden, ld_x = s.time * width;
    const std::int64_t ld_out = s.time * s.directions * s.hidden;
    float* sums = f.at(d.sums);
    d.hidden.run(f,
                 {s.batch, at.h, at.ld_h, sums, width, s.is_lstm ? at.x : nullptr, ld_x,
                  f.maybe<void>(d.scratch), at.is_odd},
                 parts_here);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      if (s.is_lstm) {
        float* cell = f.at(d.cell) + b * s.hidden;
        f.kernels->lstm_cell(sums + b * width, at.c + b * s.hidden, cell, at.out + b * ld_out,
                             s.hidden);
      } else {
        f.kernels->gru_cell(at.x + b * ld_x, sums + b * width, at.h + b * at.ld_h,
                            at.out + b * ld_out, s.hidden);
      }
    }
  }

  const float* start_state(const Frame& f, const Direction& d, Slot given,
                           int index) const noexcept {
    if (given != kNoSlot) return f.at(given) + state_offset(index);
    float* zeros = f.at(d.start);
    std::memset(zeros, 0, static_cast<std::size_t>(s.batch * s.hidden) * sizeof(float));
    return zeros;
  }

  void finish(const Frame& f, const Direction&, int index, const float* h, std::int64_t ld_h,
              const float* c) const noexcept {
    const auto bytes = static_cast<std::size_t>(s.hidden) * sizeof(float);
    for (std::int64_t b = 0; b < s.batch; ++b) {
      const std::int64_t to = state_offset(index) + b * s.hidden;
      std::memcpy(f.at(h_n) + to, h + b * ld_h, bytes);
      if (s.is_lstm) std::memcpy(f.at(c_n) + to, c + b * s.hidden, bytes);
    }
  }
};

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
  const Precision precision = binder.precision(node);
  const std::int64_t width = s.gates * s.hidden;
  const auto& w = node.weights;
  Direction d;
  d.is_backward = index == 1;
  d.input.weight = binder.matrix(node, first, precision, role + "/ih");
  d.hidden.weight = binder.matrix(node, first + 1, precision, role + "/hh");
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
  const std::int64_t bytes = std::max(MatMul::scratch_bytes(d.input.weight, s.batch * s.time),
                                      MatMul::scratch_bytes(d.hidden.weight, s.batch));
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
    step.parts = binder.threads();
    step.y = layer + 1 == layers ? y.slot
                                 : binder.scratch(s.batch * s.time * s.directions * s.hidden * 4);
    std::vector<Slot> reads{x.slot, step.h0, step.c0}, writes{step.y, h_n, c_n};
    for (int i = 0; i < s.directions; ++i) {
      const Direction d = make_direction(binder, node, s, layer, i);
      for (const Slot slot : {d.projected, d.sums, d.cell, d.start, d.scratch})
        writes.push_back(slot);
      for (const PackedMatrix* w : {&d.input.weight, &d.hidden.weight}) {
        step.macs += static_cast<double>(s.batch * s.time) * w->products;
        step.weight_bytes += w->bytes;
      }
      step.directions.push_back(d);
    }
    const auto detail = fmt::format("{} layer {} {} {}x{}x{}{}", s.is_lstm ? "lstm" : "gru", layer,
                                    what_runs(step.directions[0].hidden), s.batch * s.time,
                                    step.directions[0].input.weight.k, s.hidden,
                                    s.directions == 2 ? " both directions" : "");
    x = {step.y, 0, s.directions * s.hidden};
    binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
  }
}

}  // namespace nest::runtime
