#pragma once

#include <type_traits>

#include "nest/graph/op.h"
#include "reference/array.h"

/// Recurrent layers, by definition.
namespace nest::reference {

/// One gate of one unit: b + W_i x (+ W_h h if `hidden` is given). Biases that only weights decide
/// are summed beforehand.
inline Counted gate_sum(double bias, const Array& w_i, const std::vector<Counted>& x,
                        std::int64_t row) {
  Counted sum = bias;
  for (std::size_t k = 0; k < x.size(); ++k) sum += w_i(row, k) * x[k];
  return sum;
}
inline Counted add_hidden(Counted sum, const Array& w_h, const std::vector<Counted>& h,
                          std::int64_t row) {
  for (std::size_t k = 0; k < h.size(); ++k) sum += w_h(row, k) * h[k];
  return sum;
}

/// The four weights of one direction of one layer.
struct Cell {
  const Array &w_i, &w_h, &b_i, &b_h;
  std::int64_t hidden;

  double bias(std::int64_t row) const { return b_i(row).value() + b_h(row).value(); }
  Counted sum(const std::vector<Counted>& x, const std::vector<Counted>& h, std::int64_t gate,
              std::int64_t unit) const {
    const std::int64_t row = gate * hidden + unit;
    return add_hidden(gate_sum(bias(row), w_i, x, row), w_h, h, row);
  }
  void lstm(const std::vector<Counted>& x, std::vector<Counted>& h, std::vector<Counted>& c) const {
    const std::vector<Counted> before = h;
    for (std::int64_t j = 0; j < hidden; ++j) {
      const Counted in = sigmoid(sum(x, before, 0, j)), forget = sigmoid(sum(x, before, 1, j));
      const Counted cell = tanh(sum(x, before, 2, j)), out = sigmoid(sum(x, before, 3, j));
      const auto at = static_cast<std::size_t>(j);
      c[at] = forget * c[at] + in * cell;
      h[at] = out * tanh(c[at]);
    }
  }
  void gru(const std::vector<Counted>& x, std::vector<Counted>& h) const {
    const std::vector<Counted> before = h;
    for (std::int64_t j = 0; j < hidden; ++j) {
      const Counted reset = sigmoid(sum(x, before, 0, j)), update = sigmoid(sum(x, before, 1, j));
      const std::int64_t row = 2 * hidden + j;
      const Counted from_h = add_hidden(b_h(row), w_h, before, row);
      const Counted fresh = tanh(gate_sum(b_i(row).value(), w_i, x, row) + reset * from_h);
      const auto at = static_cast<std::size_t>(j);
      h[at] = (Counted(1) - update) * fresh + update * before[at];
    }
  }
};

/// State of one sequence.
struct CellState {
  std::vector<Counted> h, c;
};

/// One direction of a layer over one item: writes y[b, :, d * hidden ...], leaves the last state.
template <bool is_lstm>
void run_direction(const Cell& cell, const Array& x, std::int64_t b, std::int64_t d, Array& y,
                   CellState& state) {
  const std::int64_t time = x.dim(1);
  for (std::int64_t i = 0; i < time; ++i) {
    const std::int64_t t = d == 1 ? time - 1 - i : i;
    std::vector<Counted> frame;
    for (std::int64_t k = 0; k < x.dim(2); ++k) frame.push_back(x(b, t, k));
    if constexpr (is_lstm) {
      cell.lstm(frame, state.h, state.c);
    } else {
      cell.gru(frame, state.h);
    }
    for (std::int64_t j = 0; j < cell.hidden; ++j)
      y(b, t, d * cell.hidden + j) = state.h[static_cast<std::size_t>(j)];
  }
}

/// Row [row, b, :] of a state, zeros if it is absent.
inline std::vector<Counted> state_row(const Inputs& in, std::size_t index, std::int64_t row,
                                      std::int64_t b, std::int64_t hidden) {
  std::vector<Counted> values(static_cast<std::size_t>(hidden));
  if (index >= in.size() || in[index] == nullptr) return values;
  for (std::int64_t j = 0; j < hidden; ++j)
    values[static_cast<std::size_t>(j)] = (*in[index])(row, b, j);
  return values;
}

/// Lstm or Gru: y, h_n and (LSTM) c_n.
template <class O>
Arrays recurrent(const O& op, const Inputs& in, const Arrays& weights) {
  constexpr bool kIsLstm = std::is_same_v<O, graph::Lstm>;
  const std::int64_t batch = in[0]->dim(0), hidden = op.hidden_size;
  const std::int64_t directions = op.bidirectional ? 2 : 1;
  Array h_n({op.num_layers * directions, batch, hidden}), c_n = h_n, x = *in[0];
  for (std::int64_t layer = 0; layer < op.num_layers; ++layer) {
    Array y({batch, x.dim(1), directions * hidden});
    for (std::int64_t d = 0; d < directions; ++d) {
      const std::int64_t row = layer * directions + d;
      const Array* w = &weights[static_cast<std::size_t>(4 * row)];
      const Cell cell{w[0], w[1], w[2], w[3], hidden};
      for (std::int64_t b = 0; b < batch; ++b) {
        CellState state{state_row(in, 1, row, b, hidden), state_row(in, 2, row, b, hidden)};
        run_direction<kIsLstm>(cell, x, b, d, y, state);
        for (std::int64_t j = 0; j < hidden; ++j) {
          h_n(row, b, j) = state.h[static_cast<std::size_t>(j)];
          c_n(row, b, j) = state.c[static_cast<std::size_t>(j)];
        }
      }
    }
    x = y;
  }
  if constexpr (kIsLstm) return {x, h_n, c_n};
  return {x, h_n};
}

}  // namespace nest::reference
