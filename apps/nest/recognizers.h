#pragma once

#include <memory>
#include <string>

#include "executors.h"
#include "nest/core/flags.h"
#include "nest/decode/options.h"
#include "nest/deploy/model_file.h"
#include "nest/eval/evaluator.h"
#include "nest/graph/model.h"
#include "nest/text/tokenizer.h"

namespace nest {

/// A model that decodes: the same flags on every verb that turns signals into text.
struct RecognizerOptions {
  std::string model;
  std::string tokenizer;
  deploy::LoadOptions load;
  ExecutorOptions executor;
  decode::DecodeOptions decode;
};
void register_flags(Flags& flags, RecognizerOptions& options);
void validate(const RecognizerOptions& options);

struct LoadedModel {
  ModelFile file;
  std::shared_ptr<const text::Tokenizer> tokenizer;  ///< null: text is token ids
};

/// The model with its weights, and its tokenizer: the file named by the options, else the one
/// stored in the model, else tokenizer.json beside it. Errors: those of load_model_file and
/// text::load_tokenizer; DataCorrupt if the tokenizer has more tokens than the model.
LoadedModel load_model_and_tokenizer(const RecognizerOptions& options);

/// Makes one executor with its decoder a call; weights are shared.
eval::RecognizerFactory recognizer_factory(const LoadedModel& loaded,
                                           const RecognizerOptions& options);

}  // namespace nest
