#include "material.h"

#include <filesystem>
#include <functional>
#include <optional>

#include "left_out.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/options.h"
#include "nest/data/surroundings.h"
#include "nest/deploy/model_file.h"
#include "nest/text/bpe_tokenizer.h"
#include "nest/text/character_tokenizer.h"
#include "nest/text/word_tokenizer.h"
#include "run_folder.h"

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

std::vector<std::string> lines_of(const std::vector<std::string>& paths) {
  std::vector<std::string> lines;
  for (const std::string& path : paths) {
    for (std::string& line : read_lines(path)) lines.push_back(std::move(line));
  }
  return lines;
}

/// The model of a run: that of last.pt, or of its configuration.
struct RunModel {
  std::optional<graph::Model> resumed;
  bool has_config = false;  ///< a configuration was named although the run is resumed

  /// `made` builds the configuration's. Errors: InvalidArgument if a run's is to be another one.
  graph::Model take(const RunOptions& run, const std::function<graph::Model()>& made) {
    if (!resumed) return made();
    require(
        !has_config || made().config == resumed->config, ErrorCode::kInvalidArgument,
        "{}: {} is not the model that the run began with; leave `config` out to go on, or begin "
        "a new run",
        run.config, run.model_key);
    return *std::move(resumed);
  }
};

/// Weights belong to the signals that they were trained on.
void require_same_signals(const RunOptions& run, const graph::SignalContract& of_model,
                          const graph::SignalContract& of_data) {
  const std::string last = last_checkpoint(run).string();
  require(
      nest::to_json(of_model) == nest::to_json(of_data), ErrorCode::kInvalidArgument,
      "{}: the signal contract of {} has changed since the run began, its weights belong to the "
      "old one; begin a new run with them: `init` {}",
      last, run.data, last);
}

Material open_recordings(const RunOptions& run, const TrainOptions& options, RunModel model) {
  const data::Dataset dataset = data::Dataset::open(run.data);
  Material m;
  m.left_out["utterances"] = warn_of_problems(dataset);
  m.tokenizer = make_tokenizer(run, texts_of(dataset, run.train_split));
  m.model = model.take(run, [&] { return model_for(run, dataset, *m.tokenizer, options.seed); });
  require_same_signals(run, m.model.signal, dataset.info().signal);
  m.training = read_split(dataset, run.train_split, *m.tokenizer, options.surround,
                          options.windows.is_wanted());
  m.left_out["long_texts"] = warn_of_long_targets(m.model, *m.training);
  const std::string split = find_validation(dataset, run.validation_split);
  if (!split.empty()) {
    m.validation = read_split(dataset, split, *m.tokenizer, options.surround, false);
    m.validator = greedy_validator(*m.validation, m.tokenizer);
  }
  return m;
}

/// Texts for a language model: of files, or the transcripts of a dataset.
Material open_sentences(const RunOptions& run, const TrainOptions& options, RunModel model) {
  const bool is_augmented = nest::to_json(options.augment) != nest::to_json(data::AugmentOptions{});
  require(!is_augmented, ErrorCode::kInvalidArgument,
          "augmentation changes signals, and a language model has none; leave it out");
  Material m;
  std::vector<std::string> training = lines_of(run.text);
  std::vector<std::string> validation = lines_of(run.validation_text);
  if (run.text.empty()) {
    const data::Dataset dataset = data::Dataset::open(run.data);
    m.left_out["utterances"] = warn_of_problems(dataset);
    training = texts_of(dataset, run.train_split);
    validation = texts_of(dataset, find_validation(dataset, run.validation_split));
  }
  m.tokenizer = make_tokenizer(run, training);
  m.model = model.take(run, [&] { return language_model_for(run, *m.tokenizer, options.seed); });
  m.training = std::make_unique<MemorySource>(text_examples(training, *m.tokenizer));
  if (!validation.empty()) {
    m.validation = std::make_unique<MemorySource>(text_examples(validation, *m.tokenizer));
  }
  return m;
}

}  // namespace

std::unique_ptr<Source> read_split(const data::Dataset& dataset, const std::string& split,
                                   const text::Tokenizer& tokenizer,
                                   const data::SurroundOptions& surround, bool in_windows) {
  const auto read = [&](const data::Dataset& from) {
    const DatasetSource source(from, split, tokenizer);
    const auto norm = in_windows ? signal::WindowNormOptions{} : source.window_norm();
    return std::make_unique<MemorySource>(source, norm);
  };
  if (!surround.is_wanted()) return read(dataset);
  return read(data::with_surroundings(dataset, split, surround));
}

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

Material open_material(RunOptions run, const TrainOptions& options, const FieldNames& given) {
  RunModel model;
  bool is_language = false;
  std::string described = run.config;
  if (run.resume) {
    described = last_checkpoint(run).string();
    model = {deploy::load_model(described), given.contains("config")};
    run.init.clear();  // last.pt has what came of those weights
    run.init_part = "all";
    is_language = model.resumed->family == graph::Family::kLanguage;
  } else {
    const Config section = Config::load(run.config).at(run.model_key);
    described = section.location();
    is_language = !section.has("spatial_cnn");
  }
  if (is_language) return open_sentences(run, options, std::move(model));
  require(run.text.empty(), ErrorCode::kInvalidArgument,
          "{} reads EEG; `text` trains language models only, use `data`", described);
  return open_recordings(run, options, std::move(model));
}

}  // namespace nest::train
