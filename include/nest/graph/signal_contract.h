#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"

namespace nest::graph {

/// How samples are scaled before a model sees them.
enum class Normalization {
  kNone,
  kFixed,    ///< (x - mean) / stddev of each channel, as samples arrive
  kRunning,  ///< exponentially weighted mean and deviation, as samples arrive
  kZscore,   ///< of each window or utterance by itself (signal/window_norm.h), as the next two
  kRobust,
  kWhiten,
};
EnumTable enum_table(Normalization of);  ///< "none", "fixed", "running", "zscore", ...
/// True for those that look at nothing but a whole window or utterance.
bool is_of_window(Normalization kind);

/// What a signal must look like before a model may see it. Travels with the model; nest::contract
/// carries it out.
struct SignalContract {
  double rate_hz = 0;                 ///< 0: unknown
  std::vector<std::string> channels;  ///< names in order; empty: only the count is fixed
  std::int64_t num_channels = 0;
  std::string unit = "V";
  std::vector<double> bandpass_hz;  ///< empty or {low, high}
  int bandpass_order = 4;
  double notch_hz = 0;  ///< 0: none
  double notch_q = 30;
  /// "" as recorded, "average", or an electrode's name, which need not be one of the channels
  std::string ref_electrode;
  Normalization normalization = Normalization::kNone;
  std::vector<double> mean;    ///< a channel, for kFixed
  std::vector<double> stddev;  ///< 0: the channel is centred and not scaled
  double running_s = 10;       ///< time constant of kRunning
  double window_s = 0;         ///< decoding window; 0: whole utterance
  double hop_s = 0;
};
void visit_fields(FieldVisitor& visitor, SignalContract& contract);
/// Inverse of to_json(). Errors: DataCorrupt naming the field.
SignalContract signal_contract_from_json(const Json& json);

}  // namespace nest::graph
