#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nest/core/json_fwd.h"
#include "nest/decode/hypothesis.h"

namespace nest::decode {

/// A decoded token: how sure the decoder was, and whether the reference agrees.
struct JudgedToken {
  float confidence = 0;
  bool is_correct = false;
};

/// Judges each token of a hypothesis by its minimum edit-distance alignment with the reference.
///
/// Of equally good alignments the one that matches latest is taken. Cost: O(|hypothesis|
/// |reference|).
std::vector<JudgedToken> judge(const Hypothesis& hypothesis, std::span<const TokenId> reference);

/// The temperature T that makes 1 / (1 + ((1 - p) / p)^(1 / T)) the likeliest, in [0.05, 20].
///
/// Use it as DecodeOptions::confidence_temperature, fitted on other data than it is reported on.
/// Errors: InvalidArgument without tokens. Source: Guo et al. 2017, on the log-odds of a token.
double fit_temperature(std::span<const JudgedToken> tokens);
/// The tokens with their confidences seen through the temperature.
std::vector<JudgedToken> with_temperature(std::span<const JudgedToken> tokens, double temperature);

struct CalibrationReport {
  struct Bin {
    std::int64_t count = 0;
    double confidence = 0;  ///< mean
    double accuracy = 0;
  };
  double ece = 0;         ///< sum over bins of count/n * |accuracy - confidence|
  double nll = 0;         ///< mean of -ln P(what happened)
  double brier = 0;       ///< mean squared error of the confidence
  std::vector<Bin> bins;  ///< equal widths over [0, 1]
};
/// Errors: InvalidArgument without tokens or bins.
CalibrationReport calibration_report(std::span<const JudgedToken> tokens, int num_bins = 15);
Json to_json(const CalibrationReport& report);

}  // namespace nest::decode
