#include "nest/train/run.h"

#include <filesystem>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
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
  const bool is_augmented = nest::to_json(options.augment) != nest::to_json(AugmentOptions{});
  require(!is_augmented, ErrorCode::kInvalidArgument,
          "augmentation changes signals, and a language model has none; leave it out");
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
          "{} reads EEG; `text` trains language models only, use `data`", section.location());
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

/// The cosine's end and floor, as PyTorch's CosineAnnealingLR takes them.
void apply_cosine(const Config& section, const FieldNames& given, TrainOptions& options) {
  const Config params = section.get("scheduler_params");
  if (params.has("T_max") && params.at("T_max").as_int() != options.epochs) {
    log_info("{}: the learning rate reaches its floor with the last of {} epochs",
             params.at("T_max").location(), options.epochs);
  }
  if (!params.has("eta_min") || given.contains("floor_factor")) return;
  const Config floor = params.at("eta_min");
  require(!section.has("floor_factor"), ErrorCode::kDataCorrupt,
          "{}: the same field as floor_factor; give one of them", floor.location());
  const double factor = floor.as_double() / options.optimizer.learning_rate;
  require(factor >= 0 && factor <= 1, ErrorCode::kDataCorrupt,
          "{}: is {}; it must be from 0 to the learning rate, {}", floor.location(),
          floor.as_double(), options.optimizer.learning_rate);
  options.schedule.floor_factor = factor;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, RunOptions& o) {
  visitor.field("data", o.data, "dataset folder");
  visitor.field("text", o.text, "language model: text files instead of the dataset's texts");
  visitor.field("validation_text", o.validation_text, "text files that decide what is best");
  visitor.field("config", o.config, "YAML with one map a model", {}, {.is_required = true});
  visitor.field("model_key", o.model_key, "which map of the configuration", {},
                {.is_required = true});
  visitor.field("out", o.out, "run folder", {}, {.flag = "output", .is_required = true});
  visitor.field("tokenizer", o.tokenizer, "character, word, bpe or a tokenizer file");
  visitor.field("vocab_size", o.vocab_size, "bpe and word: largest vocabulary", at_least(8));
  visitor.field("train_split", o.train_split, "split to train on");
  visitor.field("validation_split", o.validation_split, "auto: validation or valid; empty: none");
  visitor.field("init", o.init, "checkpoint whose weights are the start");
  visitor.field("init_part", o.init_part, "what it gives: all, or one graph: encoder");
  visitor.field("resume", o.resume, "go on from OUT/last.pt");
}

void validate(const RunOptions& o) {
  check_fields(o);
  require_field(o.train_split != "test", "train_split", "is test, which is for evaluation only");
  require_field(o.validation_split != "test", "validation_split",
                "is test, which is for evaluation only");
  require(o.data.empty() != o.text.empty(), ErrorCode::kInvalidArgument,
          "give either `data` (a dataset folder) or `text` (for a language model)");
  require_field(o.validation_text.empty() || !o.text.empty(), "validation_text",
                "goes with `text`; with `data` use `validation_split`");
  require_field(o.init_part == "all" || !o.init.empty(), "init_part",
                "is {}, but `init` names no checkpoint to take it from", o.init_part);
}

void apply_training_section(const Config& section, TrainOptions& options, const FieldNames& given) {
  if (section.is_null()) return;
  read_fields(section, options,
              {.keep = given, .known = {"scheduler_params.T_max", "scheduler_params.eta_min"}});
  apply_cosine(section, given, options);
}

Json run_training(RunOptions run, TrainOptions options, const FieldNames& given, const Job& job) {
  validate(run);
  const Config section = Config::load(run.config).at(run.model_key);
  apply_training_section(section.get("training"), options, given);
  nest::validate(options);
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
          {"monitor", name_of(options.monitor)},
          {"best_epoch", result.best_epoch + 1},
          {"best_score", result.best_score},
          {"last_epoch", result.history.empty() ? Json() : result.history.back()},
          {"options", nest::to_json(options)}};
}

}  // namespace nest::train
