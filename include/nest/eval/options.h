#pragma once

#include <cstddef>

#include "nest/core/options_fwd.h"
#include "nest/text/bootstrap.h"
#include "nest/text/score.h"

namespace nest::eval {

struct SummaryOptions {
  text::ScoreOptions score;
  text::BootstrapOptions bootstrap;
  std::size_t worst = 10;       ///< utterances listed with their alignments
  std::size_t confusions = 40;  ///< pairs of characters listed
};
void visit_fields(FieldVisitor& visitor, SummaryOptions& options);

struct EvalOptions {
  int batch_size = 8;
  int jobs = 1;         ///< batches decoded at the same time; 0: all cores
  bool strict = false;  ///< the first bad utterance is an error
  SummaryOptions summary;
};
/// The batch size has no flag of its own: a command line has that of decode::DecodeOptions.
void visit_fields(FieldVisitor& visitor, EvalOptions& options);

}  // namespace nest::eval
