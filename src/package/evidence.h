#pragma once

#include <vector>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/package/model_packager.h"
#include "nest/recognize/bundle.h"

namespace nest::package {

/// Signals as clients send them: of the dataset that options name, else noise of a plausible size.
/// Shapes: [source channels, samples] float32 in the contract's unit.
std::vector<Tensor> golden_inputs(const graph::Model& model, const PackageOptions& options);

/// Mean and standard deviation of each contract channel over some inputs.
Json input_statistics(const graph::SignalContract& contract, const std::vector<Tensor>& inputs);

/// Error rates with intervals: of a results file, else measured on the dataset, else null.
Json metrics_of(const recognize::Bundle& bundle, const PackageOptions& options, const Job& job);
/// The same of the streamed results file; null without one.
Json streamed_of(const PackageOptions& options, const Job& job);
/// Verdict and checks of the audit file; null without one.
Json audit_of(const PackageOptions& options);

}  // namespace nest::package
