#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/decode/recognizer.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/results.h"

namespace nest {
class Flags;
}
namespace nest::text {
class Tokenizer;
}

namespace nest::eval {

/// Makes a recognizer; called once a thread, because one recognizer serves one caller at a time.
///
/// An honest factory ignores the set it is called for. It is handed over so that the audit can
/// catch one that does not: decoding must not change when the set's references do.
using RecognizerFactory = std::function<std::unique_ptr<decode::Recognizer>(const EvalSet& set)>;

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

/// One run of a suite: the same model with other settings, or another executor.
struct SuiteRun {
  std::string name;  ///< "greedy", "beam 5"
  RecognizerFactory factory;
};

/// Evaluates every run on the same set and compares each with the first.
///
/// {"schema": "nest.suite/1", "runs": [{"name", "results"}], "comparison": [...]}
Json benchmark_suite(const std::vector<SuiteRun>& runs, const EvalSet& set,
                     const EvalOptions& options,
                     std::shared_ptr<const text::Tokenizer> tokenizer = nullptr,
                     const Job& job = {});

/// Cores, instruction set, compiler: the machine line of every report.
Json environment_json();

}  // namespace nest::eval
