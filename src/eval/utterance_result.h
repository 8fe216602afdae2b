#pragma once

#include "nest/data/manifest.h"
#include "nest/decode/recognizer.h"
#include "nest/eval/results.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::eval {

/// What was recognised beside what was said. Without a tokenizer tokens are not judged.
UtteranceResult result_of(const data::Utterance& utterance, const decode::Recognition& recognition,
                          const text::ScoreOptions& options, const text::Tokenizer* tokenizer);

}  // namespace nest::eval
