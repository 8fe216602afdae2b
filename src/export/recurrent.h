#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lowering.h"

namespace nest::exports {

/// An LSTM or GRU node as both of its forms need it.
struct Recurrent {
  std::string_view op;  ///< "LSTM", "GRU"
  std::int64_t hidden = 0;
  std::int64_t layers = 1;
  std::int64_t directions = 1;
  std::size_t states = 1;  ///< h; h and c

  std::size_t gates() const { return states == 1 ? 3 : 4; }
  /// Index in Node::weights of weight_ih of a layer and direction; weight_hh and biases follow.
  std::size_t first_weight(std::int64_t layer, std::int64_t direction) const {
    return static_cast<std::size_t>(4 * (layer * directions + direction));
  }
};

/// Appends a [gates * hidden, ...] weight with its gates in the given order.
void append_gates(const Tensor& weight, const std::vector<std::size_t>& order,
                  std::vector<float>& out);

/// The part of h0 or c0 [layers * directions, B, hidden] that `count` directions of a layer start
/// from, from direction `first` on; "" if there is no such state.
std::string start_of(const Lowering& at, const Recurrent& rnn, const std::string& state,
                     std::int64_t layer, std::int64_t first, std::int64_t count);

/// Weights as 8-bit codes: a Scan over time, since ONNX has no such operator.
Names lower_quantized(const Lowering& at, const Recurrent& rnn);

}  // namespace nest::exports
