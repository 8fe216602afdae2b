#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/decode/calibration.h"
#include "nest/eval/results.h"

namespace nest::eval {

/// The tokens of results whose confidence can be compared with the reference.
///
/// Errors: InvalidArgument if the confidences were already changed by a temperature; DataCorrupt
/// for a confidence outside 0 to 1, or if no token was judged.
std::vector<decode::JudgedToken> judged_tokens(const Results& results);

/// How true confidences are, before and after a temperature.
struct ConfidenceChange {
  std::size_t tokens = 0;
  decode::CalibrationReport before;
  decode::CalibrationReport after;
};

/// The temperature (decode::DecodeOptions::confidence_temperature) that makes the confidences of
/// one part of the data true, and what it does there and to another part.
struct ConfidenceFit {
  double temperature = 1;
  ConfidenceChange fit;
  std::optional<ConfidenceChange> test;
};
/// `test` should be of other utterances than `fit`; empty: none. Errors: InvalidArgument without
/// tokens to fit on.
ConfidenceFit fit_confidence(std::span<const decode::JudgedToken> fit,
                             std::span<const decode::JudgedToken> test = {});
Json to_json(const ConfidenceFit& fit);
/// One line a part.
std::string confidence_text(const ConfidenceFit& fit);

}  // namespace nest::eval
