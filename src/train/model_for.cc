#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/train/run.h"

namespace nest::train {
namespace {

/// Weights of options.init: of the whole model, or of the graph options.init_part.
void load_initial_weights(graph::Model& model, const RunOptions& options) {
  const TensorMap stored = deploy::plain_weights(deploy::read_weights(options.init));
  if (options.init_part == "all") {
    with_context(options.init, [&] { graph::load_weights(model, stored); });
    return;
  }
  for (const graph::WeightInfo& info : weight_infos(model.graph(options.init_part))) {
    const auto it = stored.find(info.name);
    require(it != stored.end(), ErrorCode::kDataCorrupt,
            "{} has no weight '{}', which the {} needs", options.init, info.name,
            options.init_part);
    require(it->second.shape() == info.shape, ErrorCode::kDataCorrupt,
            "{}: '{}' is {}, the {} needs {}; give both models the same sizes", options.init,
            info.name, to_string(it->second.shape()), options.init_part, to_string(info.shape));
    model.weights.insert_or_assign(info.name, it->second);
  }
}

/// Random or stored weights, and the tokenizer.
void complete(graph::Model& model, const RunOptions& options, const text::Tokenizer& tokenizer,
              std::uint64_t seed) {
  Rng rng(seed, "weights");
  graph::initialize_weights(model, rng);
  const text::SpecialIds& special = tokenizer.special();
  model.vocabulary.size = tokenizer.size();
  if (special.blank >= 0) model.vocabulary.blank_id = special.blank;
  if (special.sos >= 0) model.vocabulary.sos_id = special.sos;
  if (special.eos >= 0) model.vocabulary.eos_id = special.eos;
  model.vocabulary.tokenizer = tokenizer.to_json();
  if (!options.init.empty()) load_initial_weights(model, options);
}

}  // namespace

graph::Model model_for(const RunOptions& options, const data::Dataset& dataset,
                       const text::Tokenizer& tokenizer, std::uint64_t seed) {
  const Config section = Config::load(options.config).at(options.model_key);
  graph::Model model = graph::build_fitted_model(options.model_key, section, dataset.info().signal,
                                                 tokenizer.size());
  const text::TextRule& rule = dataset.info().text_rule;
  if (rule != text::TextRule{}) model.vocabulary.text_rule = nest::to_json(rule);
  complete(model, options, tokenizer, seed);
  return model;
}

graph::Model language_model_for(const RunOptions& options, const text::Tokenizer& tokenizer,
                                std::uint64_t seed) {
  const text::SpecialIds& special = tokenizer.special();
  require(special.sos >= 0 && special.eos >= 0, ErrorCode::kInvalidArgument,
          "a language model needs a tokenizer with start and end tokens; this {} one has none",
          tokenizer.kind());
  const Config section = Config::load(options.config).at(options.model_key);
  Json config = section.to_json();
  config.erase("training");
  config["sos_id"] = special.sos;
  config["eos_id"] = special.eos;
  graph::Model model = graph::build_model(
      options.model_key, Config::from_json(config, section.location() + " (fitted to the text)"),
      {.vocab_size = tokenizer.size()});
  complete(model, options, tokenizer, seed);
  return model;
}

}  // namespace nest::train
