#pragma once

#include <cstddef>

#include "nest/core/json_fwd.h"
#include "nest/text/bootstrap.h"
#include "nest/text/score.h"

namespace nest {
class Flags;
}

namespace nest::eval {

struct SummaryOptions {
  text::ScoreOptions score;
  text::BootstrapOptions bootstrap;
  std::size_t worst = 10;       ///< utterances listed with their alignments
  std::size_t confusions = 40;  ///< pairs of characters listed
};

struct EvalOptions {
  int batch_size = 8;
  int threads = 1;      ///< utterances decoded at the same time
  bool strict = false;  ///< the first bad utterance is an error
  SummaryOptions summary;
};
/// All but batch_size: "--batch-size" belongs to decode::DecodeOptions.
void register_flags(Flags& flags, EvalOptions& options);
void validate(const EvalOptions& options);
Json to_json(const EvalOptions& options);
/// What to_json() wrote; absent keys have their defaults. Errors: DataCorrupt.
EvalOptions eval_options_from_json(const Json& json);

}  // namespace nest::eval
