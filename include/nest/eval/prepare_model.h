#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "nest/compress/post_training_quantizer.h"
#include "nest/core/job.h"
#include "nest/deploy/prepared_model.h"
#include "nest/eval/eval_set.h"

namespace nest::eval {

/// Shows a model the signals of a set, so that its quantizer sees how large activations become.
void calibrate(compress::PostTrainingQuantizer& quantizer, const EvalSet& set, const Job& job = {});

struct PrepareModelOptions {
  deploy::DescribeOptions describe = {};
  std::optional<graph::Precision> precision = {};  ///< nothing: the model's own
  SampleOptions calibration = {};                  ///< without data: no fixed scales
  compress::PostTrainingOptions quantizer = {.fixed_scales = compress::FixedScales::kConvolutions};
};

/// A model ready for the native runtime, with fixed scales of its activations where there are
/// signals to find them on.
///
/// Errors: those of deploy::load_prepared, deploy::describe_model and open_sample;
/// InvalidArgument for a prepared file that is to be described or calibrated, and for fixed scales
/// of activations that are no integers.
std::shared_ptr<const runtime::PreparedModel> prepare_model(const std::filesystem::path& path,
                                                            const PrepareModelOptions& options,
                                                            const Job& job = {});

}  // namespace nest::eval
