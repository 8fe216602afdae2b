#pragma once

#include <map>
#include <string>

#include "nest/core/flags.h"
#include "nest/core/job.h"
#include "nest/graph/model.h"

namespace nest {

/// Signals that show how large the activations of a model become.
struct CalibrationOptions {
  std::string data;                    ///< dataset folder; empty: no calibration
  std::string split = "train";         ///< of the dataset
  int utterances = 100;                ///< evenly spaced over the split
  std::string fixed = "convolutions";  ///< which products get a fixed scale, or "all"
};
void register_flags(Flags& flags, CalibrationOptions& options);
void validate(const CalibrationOptions& options);

/// Decodes the utterances in fp32, greedily, and returns scales for
/// runtime::Options::activation_scales: the largest magnitude seen becomes code 127.
/// Errors: those of eval::open_eval_set; DataCorrupt if a signal cannot be decoded.
std::map<std::string, float, std::less<>> calibrate_activations(const graph::Model& model,
                                                                const CalibrationOptions& options,
                                                                const Job& job = {});

}  // namespace nest
