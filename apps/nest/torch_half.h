#pragma once

#include <string>

#include "nest/compress/callbacks.h"
#include "nest/compress/fine_tune_options.h"
#include "nest/compress/stepwise_pruner.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest {

// What only the LibTorch half can do. Loading LibTorch takes most of a second, so `nest` does not
// link it: there these functions hand the whole command line to `nest-torch`, the same program with
// LibTorch linked (torch_handoff.cc); in `nest-torch` they do the work (torch_half.cc).

/// Keeps the command line for a hand-over. `argv` is null-terminated and outlives the program's
/// run.
void keep_command_line(char** argv);

/// Registers the executor "torch", what writes TorchScript and what measures training. In `nest`
/// using one is the hand-over; errors then: Unsupported if nest-torch is not installed beside nest.
void register_torch();

/// Version, devices and threads of LibTorch.
Json torch_info();

/// Training on a dataset, for pruners.
struct Tuner {
  compress::TrainFn train;      ///< each call has a run folder of its own below `folder`
  compress::MeasureFn measure;  ///< gradients
};
/// Errors: Unsupported if nest-torch is not installed beside nest; those of train::FineTuner.
Tuner fine_tuner(const std::string& data, const graph::Model& model,
                 const compress::FineTuneOptions& options, const std::string& folder);

/// Defines the verb `train`. Errors: Unsupported if nest-torch is not installed beside nest.
CommandLine::Run define_train(Flags& flags);

}  // namespace nest
