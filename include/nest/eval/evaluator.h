#pragma once

#include <functional>
#include <memory>

#include "nest/core/job.h"
#include "nest/decode/recognizer.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/options.h"
#include "nest/eval/results.h"

namespace nest::text {
class Tokenizer;
}

namespace nest::eval {

/// Makes a recognizer; called once a thread, because one recognizer serves one caller at a time.
///
/// An honest factory ignores the set it is called for. It is handed over so that the audit can
/// catch one that does not: decoding must not change when the set's references do.
using RecognizerFactory = std::function<std::unique_ptr<decode::Recognizer>(const EvalSet& set)>;

/// Free-running evaluation of anything that recognizes.
///
/// The recognizer sees signals only; references are compared afterwards. Text and counts do not
/// depend on batch size, threads or the number of parts.
class ModelEvaluator {
 public:
  /// The tokenizer serves the token-level calibration; without it tokens are not judged.
  ModelEvaluator(RecognizerFactory factory, EvalOptions options,
                 std::shared_ptr<const text::Tokenizer> tokenizer = nullptr);

  /// A bad utterance (file, samples, shape) becomes a Failure, or with `strict` an error.
  /// Errors: Interrupted; with strict DataCorrupt naming the utterance.
  Results evaluate(const EvalSet& set, const Job& job = {}) const;

 private:
  RecognizerFactory factory_;
  EvalOptions options_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

}  // namespace nest::eval
