#include "nest/train/run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/log.h"
#include "nest/graph/factory.h"
#include "nest/io/checkpoint.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/word_tokenizer.h"

namespace nest::train {
namespace {

std::vector<std::string> texts_of(const data::Dataset& dataset, const std::string& split) {
  std::vector<std::string> texts;
  for (const std::size_t i : dataset.select({split, "", ""})) {
    texts.push_back(dataset.utterance(i).text);
  }
  return texts;
}

std::shared_ptr<const text::Tokenizer> make_tokenizer(const RunOptions& options,
                                                      const data::Dataset& dataset) {
  const std::filesystem::path kept = std::filesystem::path(options.out) / "tokenizer.json";
  if (options.resume) return text::load_tokenizer(kept);
  const auto size = static_cast<int>(options.vocab_size);
  std::shared_ptr<const text::Tokenizer> tokenizer;
  const std::vector<std::string> texts = texts_of(dataset, options.train_split);
  if (options.tokenizer == "character") {
    tokenizer = text::CharacterTokenizer::train(texts);
  } else if (options.tokenizer == "word") {
    tokenizer = text::WordTokenizer::train(
        texts,
        {.max_vocab_size = size, .min_frequency = 1, .characters = text::WordCharacters::kUnicode});
  } else if (options.tokenizer == "bpe") {
    tokenizer = text::BpeTokenizer::train(texts, {.vocab_size = size});
  } else {
    tokenizer = text::load_tokenizer(options.tokenizer);
  }
  return tokenizer;
}

/// Sets every vocab_size of a model's sections; the specification's model.yaml leaves them to us.
void set_everywhere(Json& json, const std::string& key, std::int64_t value) {
  for (auto& [name, child] : json.items()) {
    if (name == key) child = value;
    if (child.is_object()) set_everywhere(child, key, value);
  }
}

/// The name of the validation split; "auto" tries the two names in use.
std::string find_validation(const data::Dataset& dataset, const std::string& asked) {
  const std::vector<std::string> names =
      asked == "auto" ? std::vector<std::string>{"validation", "valid"} : std::vector{asked};
  for (const std::string& name : names) {
    if (!name.empty() && !dataset.select({name, "", ""}).empty()) return name;
  }
  require(asked.empty() || asked == "auto", ErrorCode::kInvalidArgument,
          "{} has no utterance of split '{}'", dataset.folder().string(), asked);
  return "";
}

template <class T>
void take(T& option, const T& fallback, const T& configured) {
  if (option == fallback) option = configured;
}

}  // namespace

void register_flags(Flags& flags, RunOptions& options) {
  flags.add("data", options.data, "dataset folder").required();
  flags.add("config", options.config, "YAML with one map a model").required();
  flags.add("model-key", options.model_key, "which map of the configuration").required();
  flags.add("out", options.out, "run folder").required();
  flags.add("tokenizer", options.tokenizer, "character, word, bpe or a tokenizer file");
  flags.add("vocab-size", options.vocab_size, "bpe and word: largest vocabulary");
  flags.add("train-split", options.train_split, "split to train on");
  flags.add("validation-split", options.validation_split, "auto: validation or valid; empty: none");
  flags.add("init", options.init, "checkpoint whose weights are the start");
  flags.add("resume", options.resume, "go on from OUT/last.pt");
}

void validate(const RunOptions& options) {
  require(options.train_split != "test" && options.validation_split != "test",
          ErrorCode::kInvalidArgument,
          "the test split is for evaluation only; use --train-split and --validation-split");
  require(options.vocab_size >= 8, ErrorCode::kInvalidArgument,
          "vocab_size must be at least 8, got {}", options.vocab_size);
}

Json to_json(const RunOptions& options) {
  return {{"data", options.data},
          {"config", options.config},
          {"model_key", options.model_key},
          {"out", options.out},
          {"tokenizer", options.tokenizer},
          {"vocab_size", options.vocab_size},
          {"train_split", options.train_split},
          {"validation_split", options.validation_split},
          {"init", options.init},
          {"resume", options.resume}};
}

graph::Model model_for(const RunOptions& options, const data::Dataset& dataset,
                       const text::Tokenizer& tokenizer, std::uint64_t seed) {
  const graph::SignalContract& signal = dataset.info().signal;
  const Config section = Config::load(options.config).at(options.model_key);
  Json config = section.to_json();
  config.erase("training");
  set_everywhere(config, "vocab_size", tokenizer.size());
  config["vocab_size"] = tokenizer.size();
  config["n_channels"] = signal.num_channels;
  Json& front = config["spatial_cnn"];
  for (const char* name : {"n_channels", "in_channels"}) {
    if (front.contains(name)) front[name] = signal.num_channels;
  }
  if (front.value("type", "") == "EEGNet" && !front.contains("sampling_rate")) {
    front["sampling_rate"] = std::llround(signal.rate_hz);
  }
  graph::Model model = graph::build_model(
      options.model_key, Config::from_json(config, section.location() + " (fitted to the data)"));
  Rng rng(seed, "weights");
  graph::initialize_weights(model, rng);
  model.signal = signal;
  const text::SpecialIds& special = tokenizer.special();
  model.vocabulary.size = tokenizer.size();
  if (special.blank >= 0) model.vocabulary.blank_id = special.blank;
  if (special.sos >= 0) model.vocabulary.sos_id = special.sos;
  if (special.eos >= 0) model.vocabulary.eos_id = special.eos;
  model.vocabulary.tokenizer = tokenizer.to_json();
  if (!options.init.empty()) {
    graph::load_weights(model, io::read_checkpoint(options.init).state_dict);
  }
  return model;
}

void apply_training_section(const Config& section, TrainOptions& options) {
  if (!section.is_map()) return;
  const TrainOptions plain;
  take(options.batch_size, plain.batch_size, section.get_int("batch_size", plain.batch_size));
  take(options.epochs, plain.epochs, section.get_int("epochs", plain.epochs));
  take(options.early_stopping, plain.early_stopping,
       static_cast<int>(section.get_int("early_stopping_patience", plain.early_stopping)));
  OptimizerOptions& opt = options.optimizer;
  const OptimizerOptions& base = plain.optimizer;
  take(opt.optimizer, base.optimizer, section.get_string("optimizer", base.optimizer));
  take(opt.learning_rate, base.learning_rate,
       section.get_double("learning_rate", base.learning_rate));
  take(opt.weight_decay, base.weight_decay, section.get_double("weight_decay", base.weight_decay));
  take(opt.clip_norm, base.clip_norm, section.get_double("clip_grad_norm", base.clip_norm));
  take(options.schedule.schedule, plain.schedule.schedule,
       section.get_string("scheduler", plain.schedule.schedule));
  const Config details = section.get("scheduler_params");
  if (!details.is_map()) return;
  ScheduleOptions& schedule = options.schedule;
  take(schedule.step_epochs, plain.schedule.step_epochs,
       details.get_int("step_size", plain.schedule.step_epochs));
  take(schedule.drop_factor, plain.schedule.drop_factor,
       details.get_double(details.has("gamma") ? "gamma" : "factor", plain.schedule.drop_factor));
  take(schedule.patience, plain.schedule.patience,
       static_cast<int>(details.get_int("patience", plain.schedule.patience)));
}

Json run_training(const RunOptions& run, TrainOptions options) {
  validate(run);
  apply_training_section(Config::load(run.config).at(run.model_key).get("training"), options);
  validate(options);
  Communicator communicator(placement_from_environment());
  const data::Dataset dataset = data::Dataset::open(run.data);
  const auto tokenizer = make_tokenizer(run, dataset);
  graph::Model model = model_for(run, dataset, *tokenizer, options.seed);
  const MemorySource training(DatasetSource(dataset, run.train_split, *tokenizer));
  std::unique_ptr<MemorySource> validation;
  const std::string validation_split = find_validation(dataset, run.validation_split);
  if (!validation_split.empty()) {
    validation =
        std::make_unique<MemorySource>(DatasetSource(dataset, validation_split, *tokenizer));
  } else {
    log_warn("{} has no validation split: the training loss decides which weights are best",
             run.data);
  }
  if (communicator.rank() == 0 && !run.resume) {
    text::save_tokenizer(*tokenizer, std::filesystem::path(run.out) / "tokenizer.json");
  }
  TrainData data{.training = &training, .validation = validation.get(), .validator = {}};
  if (validation != nullptr) data.validator = greedy_validator(*validation, tokenizer);
  Trainer trainer(std::move(model), data, options, run.out, &communicator);
  if (run.resume) trainer.resume();
  const TrainResult result = trainer.run();
  return {{"out", run.out},
          {"finished", result.is_finished},
          {"epochs", result.epochs},
          {"steps", result.steps},
          {"monitor", options.monitor},
          {"best_epoch", result.best_epoch + 1},
          {"best_score", result.best_score},
          {"last_epoch", result.history.empty() ? Json() : result.history.back()},
          {"options", to_json(options)}};
}

}  // namespace nest::train
