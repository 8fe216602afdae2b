#pragma once

#include <filesystem>
#include <string>

#include "nest/core/options_fwd.h"
#include "nest/eval/eval_set.h"
#include "nest/graph/signal_contract.h"

namespace nest::eval {

/// What of a recording is an utterance.
enum class Cut {
  kWhole,        ///< each stretch without a gap
  kAnnotations,  ///< each annotation with a duration; its text is the utterance's
};
EnumTable enum_table(Cut of);  ///< "whole", "annotations"

struct RecordingSetOptions {
  Cut cut = Cut::kWhole;
  std::string stream = {};  ///< which part of the file, as io::OpenOptions::stream
  double rate_hz = 0;       ///< of a file that states none
  std::string unit = {};    ///< of a file that states none: "uV"
  bool resample = false;    ///< a recording of another rate than the contract's; else it is refused
};
void visit_fields(FieldVisitor& visitor, RecordingSetOptions& options);

/// A recording as it is, to be decoded: every utterance is seen through the model's signal contract
/// exactly as one of a dataset is. `extra` of each utterance has "start_s" and "duration_s".
///
/// Errors: those of io::open_recording and contract::match; InvalidArgument if the contract states
/// no rate or no channels; DataCorrupt if no annotation has a duration.
EvalSet open_recording_set(const std::filesystem::path& file, const RecordingSetOptions& options,
                           const graph::SignalContract& contract);

}  // namespace nest::eval
