#include "nest/eval/options.h"

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest::eval {
namespace {

template <class T>
void read(const Json& json, const char* key, T& value) {
  if (json.contains(key)) json.at(key).get_to(value);
}

}  // namespace

void register_flags(Flags& flags, EvalOptions& options) {
  flags.group("Evaluation");
  flags.add("jobs", options.threads, "batches decoded at the same time; 0: all cores");
  flags.add("strict", options.strict, "stop at the first bad utterance");
  register_flags(flags, options.summary.score);
  flags.group("Intervals");
  register_flags(flags, options.summary.bootstrap);
}

void validate(const EvalOptions& options) {
  require(options.batch_size >= 1 && options.batch_size <= 4096, ErrorCode::kInvalidArgument,
          "--batch-size {} must be 1 to 4096", options.batch_size);
  require(options.threads >= 0 && options.threads <= 1024, ErrorCode::kInvalidArgument,
          "--jobs {} must be 0 (all cores) to 1024", options.threads);
  validate(options.summary.score);
  validate(options.summary.bootstrap);
}

Json to_json(const EvalOptions& options) {
  return {{"score", to_json(options.summary.score)},
          {"bootstrap", to_json(options.summary.bootstrap)},
          {"batch_size", options.batch_size},
          {"threads", options.threads}};
}

EvalOptions eval_options_from_json(const Json& json) {
  require(json.is_object(), ErrorCode::kDataCorrupt, "options: expected an object, found {}",
          json.dump());
  EvalOptions options;
  read(json, "batch_size", options.batch_size);
  read(json, "threads", options.threads);
  const Json score = json.value("score", Json::object());
  read(score, "normalization", options.summary.score.normalization);
  read(score, "lowercase", options.summary.score.lowercase);
  read(score, "bleu_tokenize", options.summary.score.bleu_tokenization);
  read(score, "bleu_smooth", options.summary.score.bleu_smoothing);
  const Json bootstrap = json.value("bootstrap", Json::object());
  read(bootstrap, "method", options.summary.bootstrap.method);
  read(bootstrap, "replicates", options.summary.bootstrap.replicates);
  read(bootstrap, "confidence", options.summary.bootstrap.confidence);
  read(bootstrap, "seed", options.summary.bootstrap.seed);
  try {
    validate(options);
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "options: {}", error.what());
  }
  return options;
}

}  // namespace nest::eval
