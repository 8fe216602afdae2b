#include "encoder.h"
#include "nest/core/error.h"

namespace nest::graph {

namespace {

/// The arguments LSTM and GRU share; Lstm and Gru have the same fields.
template <class O>
O read_recurrent(Section& section, Features features, const PartOptions& options) {
  O op;
  op.input_size = read_input_dim(section, features);
  op.hidden_size = section.integer("hidden_dim", {.aliases = {"hidden_size"}});
  op.num_layers = section.integer("num_layers", {.fallback = 2, .most = kMaxLayers});
  const double dropout = section.probability("dropout", 0.3);
  op.dropout = op.num_layers > 1 ? dropout : 0;
  op.bidirectional = section.boolean("bidirectional", !options.is_causal);
  require(!options.is_causal || !op.bidirectional, ErrorCode::kDataCorrupt,
          "{}: bidirectional: true contradicts causal: true; leave it out or set it to false",
          section.where());
  return op;
}

}  // namespace

Encoder read_lstm_encoder(Section& section, Features features, const PartOptions& options) {
  const auto op = read_recurrent<Lstm>(section, features, options);
  const auto build = [op](const Scope& scope, ValueId x, ValueId) -> EncoderResult {
    const std::vector<ValueId> results = scope.lstm("lstm", op, {x});
    return {results[0], {results[1], results[2]}};
  };
  return {op.input_size, op.hidden_size * (op.bidirectional ? 2 : 1), false, build};
}

Encoder read_gru_encoder(Section& section, Features features, const PartOptions& options) {
  const auto op = read_recurrent<Gru>(section, features, options);
  const auto build = [op](const Scope& scope, ValueId x, ValueId) -> EncoderResult {
    const std::vector<ValueId> results = scope.gru("gru", op, {x});
    return {results[0], {results[1]}};
  };
  return {op.input_size, op.hidden_size * (op.bidirectional ? 2 : 1), false, build};
}

}  // namespace nest::graph
