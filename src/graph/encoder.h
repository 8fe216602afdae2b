#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "front_end.h"

namespace nest::graph {

/// What an encoder adds to a graph: output [B, frames, D], and the final states of recurrent ones.
struct EncoderResult {
  ValueId output = kNoValue;
  std::vector<ValueId> states;
};

/// An encoder as its section describes it: feature frames to encoder frames, one for one.
struct Encoder {
  std::int64_t input_dim = 0;
  std::int64_t output_dim = 0;
  bool takes_mask = false;  ///< attention over frames: `padded` [B, frames] may be given
  std::function<EncoderResult(const Scope&, ValueId x, ValueId padded)> build;
};

/// Reads an encoder's section (without finishing it). `features`: the front end's, if there is one.
/// Errors: DataCorrupt.
Encoder read_encoder(const std::string& type, Section& section,
                     std::optional<std::int64_t> features, const PartOptions& options);
std::vector<std::string> encoder_types();

using Features = std::optional<std::int64_t>;
Encoder read_lstm_encoder(Section& section, Features features, const PartOptions& options);
Encoder read_gru_encoder(Section& section, Features features, const PartOptions& options);
Encoder read_transformer(Section& section, Features features, const PartOptions& options);
Encoder read_conformer(Section& section, Features features, const PartOptions& options);
/// input_dim, agreeing with the front end if there is one.
std::int64_t read_input_dim(Section& section, Features features);
/// nhead, which must divide d_model.
std::int64_t read_heads(Section& section, std::int64_t model_dim);

}  // namespace nest::graph
