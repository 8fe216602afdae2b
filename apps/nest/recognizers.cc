#include "recognizers.h"

#include <filesystem>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/decode/model_recognizer.h"
#include "nest/decode/neural_lm.h"

namespace nest {
namespace {

/// The language model of a file that is a network, on an executor of its own; null for any other.
std::shared_ptr<decode::LanguageModel> load_neural_lm(const std::string& path,
                                                      const text::Tokenizer* tokenizer,
                                                      const ExecutorOptions& options) {
  if (!decode::is_neural_lm(path)) return nullptr;
  graph::Model model = deploy::load_model(path);
  require(model.family == graph::Family::kLanguage, ErrorCode::kInvalidArgument,
          "{} is a model of family {}, not a language model (nest train with model_name NEST_LM)",
          path, graph::name_of(model.family));
  require(tokenizer != nullptr && model.vocabulary.tokenizer == tokenizer->to_json(),
          ErrorCode::kDataCorrupt,
          "{} has another tokenizer than the recogniser; train it with --tokenizer and the "
          "recogniser's tokenizer.json",
          path);
  return decode::make_neural_lm(make_executor(std::move(model), options));
}

}  // namespace

void register_flags(Flags& flags, RecognizerOptions& options) {
  flags.group("Model");
  flags.add("model,checkpoint", options.model, ".pt, .safetensors or .prepared");
  flags.add("tokenizer", options.tokenizer, "tokenizer file; default: the one in the model");
  register_flags(flags, options.load);
  register_flags(flags, options.executor);
  register_flags(flags, options.decode);
}

void validate(const RecognizerOptions& options) {
  require(!options.model.empty(), ErrorCode::kInvalidArgument, "--model is missing");
  validate(options.load);
  validate(options.executor);
  validate(options.decode);
}

LoadedModel load_model_and_tokenizer(const RecognizerOptions& options) {
  validate(options);
  LoadedModel loaded;
  loaded.file = load_model_file(options.model, options.load, options.executor);
  const graph::Model& model = loaded.file.model;
  if (!options.tokenizer.empty()) {
    loaded.tokenizer = text::load_tokenizer(options.tokenizer);
  } else if (model.vocabulary.tokenizer.is_object()) {
    loaded.tokenizer =
        text::tokenizer_from_json(model.vocabulary.tokenizer, options.model + ": tokenizer");
  }
  const auto beside = std::filesystem::path(options.model).parent_path() / "tokenizer.json";
  if (loaded.tokenizer == nullptr && std::filesystem::exists(beside)) {
    log_info("tokenizer: {} (beside the model)", beside.string());
    loaded.tokenizer = text::load_tokenizer(beside);
  }
  if (loaded.tokenizer == nullptr) {
    log_warn(
        "{} has no tokenizer: the text is token ids, error rates mean nothing. Give "
        "--tokenizer",
        options.model);
  }
  const std::int64_t size = model.vocabulary.size;
  require(loaded.tokenizer == nullptr || size == 0 || loaded.tokenizer->size() <= size,
          ErrorCode::kDataCorrupt, "the tokenizer has {} tokens, but the model only {}",
          loaded.tokenizer == nullptr ? 0 : loaded.tokenizer->size(), size);
  return loaded;
}

eval::RecognizerFactory recognizer_factory(const LoadedModel& loaded,
                                           const RecognizerOptions& options) {
  return [loaded, options](const eval::EvalSet&) {
    const text::Tokenizer* tokenizer = loaded.tokenizer.get();
    const decode::NeuralLms networks{
        load_neural_lm(options.decode.lm, tokenizer, options.executor),
        load_neural_lm(options.decode.rescore_lm, tokenizer, options.executor)};
    return std::make_unique<decode::ModelRecognizer>(make_executor(loaded.file, options.executor),
                                                     options.decode, loaded.tokenizer, networks);
  };
}

}  // namespace nest
