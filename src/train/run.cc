#include "nest/train/run.h"

#include <filesystem>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/log.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/word_tokenizer.h"

namespace nest::train {
namespace {

std::vector<std::string> texts_of(const data::Dataset& dataset, const std::string& split) {
  std::vector<std::string> texts;
  if (split.empty()) return texts;
  for (const std::size_t i : dataset.select({split, "", ""})) {
    texts.push_back(dataset.utterance(i).text);
  }
  return texts;
}

std::shared_ptr<const text::Tokenizer> make_tokenizer(const RunOptions& options,
                                                      const std::vector<std::string>& texts) {
  const std::filesystem::path kept = std::filesystem::path(options.out) / "tokenizer.json";
  if (options.resume) return text::load_tokenizer(kept);
  const auto size = static_cast<int>(options.vocab_size);
  std::shared_ptr<const text::Tokenizer> tokenizer;
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

std::vector<std::string> lines_of(const std::vector<std::string>& paths) {
  std::vector<std::string> lines;
  for (const std::string& path : paths) {
    for (std::string& line : read_lines(path)) lines.push_back(std::move(line));
  }
  return lines;
}

/// What is trained, and on what.
struct Material {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  graph::Model model;
  std::unique_ptr<Source> training;
  std::unique_ptr<Source> validation;  ///< null: none
  Validator validator;
};

Material open_recordings(const RunOptions& run, std::uint64_t seed) {
  const data::Dataset dataset = data::Dataset::open(run.data);
  Material m;
  m.tokenizer = make_tokenizer(run, texts_of(dataset, run.train_split));
  m.model = model_for(run, dataset, *m.tokenizer, seed);
  m.training =
      std::make_unique<MemorySource>(DatasetSource(dataset, run.train_split, *m.tokenizer));
  const std::string split = find_validation(dataset, run.validation_split);
  if (!split.empty()) {
    m.validation = std::make_unique<MemorySource>(DatasetSource(dataset, split, *m.tokenizer));
    m.validator = greedy_validator(*m.validation, m.tokenizer);
  }
  return m;
}

/// Texts for a language model: of files, or the transcripts of a dataset.
Material open_sentences(const RunOptions& run, const TrainOptions& options) {
  const bool is_augmented = to_json(options.augment) != to_json(AugmentOptions{});
  require(!is_augmented, ErrorCode::kInvalidArgument,
          "augmentation changes signals; a language model has none, leave --augment-... out");
  std::vector<std::string> training = lines_of(run.text);
  std::vector<std::string> validation = lines_of(run.validation_text);
  if (run.text.empty()) {
    const data::Dataset dataset = data::Dataset::open(run.data);
    training = texts_of(dataset, run.train_split);
    validation = texts_of(dataset, find_validation(dataset, run.validation_split));
  }
  Material m;
  m.tokenizer = make_tokenizer(run, training);
  m.model = language_model_for(run, *m.tokenizer, options.seed);
  m.training = std::make_unique<MemorySource>(text_examples(training, *m.tokenizer));
  if (!validation.empty()) {
    m.validation = std::make_unique<MemorySource>(text_examples(validation, *m.tokenizer));
  }
  return m;
}

Material open_material(const RunOptions& run, const Config& section, const TrainOptions& options) {
  if (!section.has("spatial_cnn")) return open_sentences(run, options);
  require(run.text.empty(), ErrorCode::kInvalidArgument,
          "{} reads EEG; --text trains language models only, use --data", section.location());
  return open_recordings(run, options.seed);
}

/// A run that was stopped before it stored a checkpoint has nothing to go on from: it begins anew.
bool goes_on(const RunOptions& run, int rank) {
  const std::filesystem::path last = std::filesystem::path(run.out) / "last.pt";
  if (!run.resume || std::filesystem::exists(last)) return run.resume;
  if (rank == 0) {
    log_warn("{} does not exist: nothing to go on from, the run begins anew", last.string());
  }
  return false;
}

template <class T>
void take(T& option, const T& fallback, const T& configured) {
  if (option == fallback) option = configured;
}

}  // namespace

void register_flags(Flags& flags, RunOptions& options) {
  flags.add("data", options.data, "dataset folder");
  flags.add("text", options.text, "language model: text files instead of the dataset's texts");
  flags.add("validation-text", options.validation_text, "text files that decide what is best");
  flags.add("config", options.config, "YAML with one map a model").required();
  flags.add("model-key", options.model_key, "which map of the configuration").required();
  flags.add("out", options.out, "run folder").required();
  flags.add("tokenizer", options.tokenizer, "character, word, bpe or a tokenizer file");
  flags.add("vocab-size", options.vocab_size, "bpe and word: largest vocabulary");
  flags.add("train-split", options.train_split, "split to train on");
  flags.add("validation-split", options.validation_split, "auto: validation or valid; empty: none");
  flags.add("init", options.init, "checkpoint whose weights are the start");
  flags.add("init-part", options.init_part, "what it gives: all, or one graph: encoder");
  flags.add("resume", options.resume, "go on from OUT/last.pt");
}

void validate(const RunOptions& options) {
  require(options.train_split != "test" && options.validation_split != "test",
          ErrorCode::kInvalidArgument,
          "the test split is for evaluation only; use --train-split and --validation-split");
  require(options.vocab_size >= 8, ErrorCode::kInvalidArgument,
          "vocab_size must be at least 8, got {}", options.vocab_size);
  require(options.data.empty() != options.text.empty(), ErrorCode::kInvalidArgument,
          "give either --data (a dataset folder) or --text (for a language model)");
  require(options.validation_text.empty() || !options.text.empty(), ErrorCode::kInvalidArgument,
          "--validation-text goes with --text; with --data use --validation-split");
  require(options.init_part == "all" || !options.init.empty(), ErrorCode::kInvalidArgument,
          "--init-part {} needs --init, the checkpoint to take it from", options.init_part);
}

Json to_json(const RunOptions& options) {
  return {{"data", options.data},
          {"text", options.text},
          {"validation_text", options.validation_text},
          {"config", options.config},
          {"model_key", options.model_key},
          {"out", options.out},
          {"tokenizer", options.tokenizer},
          {"vocab_size", options.vocab_size},
          {"train_split", options.train_split},
          {"validation_split", options.validation_split},
          {"init", options.init},
          {"init_part", options.init_part},
          {"resume", options.resume}};
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

Json run_training(RunOptions run, TrainOptions options, const Job& job) {
  validate(run);
  const Config section = Config::load(run.config).at(run.model_key);
  apply_training_section(section.get("training"), options);
  validate(options);
  Communicator communicator(placement_from_environment());
  run.resume = goes_on(run, communicator.rank());
  Material material = open_material(run, section, options);
  if (material.validation == nullptr) {
    log_warn("there is no validation part: the training loss decides which weights are best");
  }
  if (communicator.rank() == 0 && !run.resume) {
    text::save_tokenizer(*material.tokenizer, std::filesystem::path(run.out) / "tokenizer.json");
  }
  const TrainData data{.training = material.training.get(),
                       .validation = material.validation.get(),
                       .validator = material.validator};
  Trainer trainer(std::move(material.model), data, options, run.out, &communicator);
  if (run.resume) trainer.resume();
  const TrainResult result = trainer.run(job);
  return {{"out", run.out},
          {"finished", result.is_finished},
          {"interrupted", result.is_interrupted},
          {"epochs", result.epochs},
          {"steps", result.steps},
          {"monitor", options.monitor},
          {"best_epoch", result.best_epoch + 1},
          {"best_score", result.best_score},
          {"last_epoch", result.history.empty() ? Json() : result.history.back()},
          {"options", to_json(options)}};
}

}  // namespace nest::train
