#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/results.h"
#include "nest/recognize/bundle.h"
#include "nest/recognize/recognizer.h"
#include "nest/stream/pipeline.h"

namespace nest::eval {

struct StreamedOptions {
  stream::StreamConfig config = {};
  /// A token so far outside an utterance still belongs to it.
  double margin_s = 0.25;
};
void visit_fields(FieldVisitor& visitor, StreamedOptions& options);

/// Streams the recordings that the utterances of a set lie in, each as a whole through the live
/// pipeline, and scores the text by time.
///
/// A token belongs to the utterance in whose range its middle lies (nearest, at most margin_s
/// outside). What lies outside every utterance of the recording, of whatever split, is text that
/// nobody said: it is scored against an empty reference, one result "<signal> +12.3 s" a pause, so
/// it counts as insertions in every rate. Utterances of other splits in the same recording are
/// heard but not scored. Computing times are those of the hops that end within the utterance.
///
/// Shapes, units and channels as in a stream: each recording is matched with the model's contract.
/// Errors: InvalidArgument if an utterance is joined of several ranges or a decoder tells no times;
/// those of stream::StreamingInference and of the files; Interrupted.
Results evaluate_streamed(const recognize::Bundle& bundle, const std::filesystem::path& folder,
                          const EvalSet& set, const recognize::RecognizeOptions& recognizing,
                          const StreamedOptions& options, const EvalOptions& evaluation,
                          const Job& job = {});

}  // namespace nest::eval
