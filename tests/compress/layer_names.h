#pragma once

/// Layers of the models that the tests make.
namespace nest::compress {

inline constexpr const char* kLstm = "temporal_encoder.lstm";
inline constexpr const char* kHead = "ctc_decoder.output_proj";

}  // namespace nest::compress
