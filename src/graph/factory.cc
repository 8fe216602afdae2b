#include "nest/graph/factory.h"

#include <algorithm>
#include <cctype>

#include "block.h"
#include "decoder.h"
#include "encoder.h"
#include "nest/core/error.h"
#include "nest/core/log.h"

namespace nest::graph {

namespace {

/// The parts every family shares, as the configuration describes them.
struct Trunk {
  FrontEnd front_end;
  Encoder encoder;
  DecoderContext context;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Section child(const Section& section, const std::string& name) {
  return Section(section.config().at(name), name);
}

std::optional<std::int64_t> optional_integer(Section& section, const std::string& name) {
  section.allow(name);
  if (!section.has(name)) return std::nullopt;
  const std::int64_t value = section.config().at(name).as_int();
  require(value >= 1, ErrorCode::kDataCorrupt, "{}: {} must be positive",
          section.config().at(name).location(), value);
  return value;
}

std::optional<std::int64_t> given(std::int64_t size) {
  return size > 0 ? std::optional(size) : std::nullopt;
}

Graph encoder_graph(const Trunk& trunk) {
  Graph graph;
  graph.name = "encoder";
  const Scope scope(graph);
  const ValueId eeg = graph.add_input(
      "eeg_data", DType::kF32, {Dim::symbol("B"), trunk.front_end.channels, Dim::symbol("T")}, 2);
  add_lengths_input(graph);
  const ValueId features = build_front_end(trunk.front_end, scope["spatial_cnn"], eeg);
  graph.add_output("spatial_features", features);
  const ValueId frames = scope.node("frames", Permute{{0, 2, 1}}, {features});
  graph.add_output("encoder_output",
                   trunk.encoder.build(scope["temporal_encoder"], frames, kNoValue).output);
  return graph;
}

Trunk read_trunk(Section& top, const DataSizes& data) {
  for (const char* name : {"spatial_cnn", "temporal_encoder", "decoder"}) top.allow(name);
  PartOptions options;
  options.is_causal = top.config().get_bool("causal", false);
  top.allow("causal");
  Trunk trunk;
  const std::optional<std::int64_t> channels = optional_integer(top, "n_channels");
  trunk.context.vocab_size = optional_integer(top, "vocab_size");
  options.channels = channels;
  options.forced_channels = given(data.num_channels);
  options.forced_rate_hz = given(data.sampling_rate_hz);
  trunk.context.forced_vocab_size = given(data.vocab_size);

  Section front = child(top, "spatial_cnn");
  const std::string front_type = front.choice("type", front_end_types(), "");
  trunk.front_end = read_front_end(front_type, front, options);
  front.finish();
  top.record("spatial_cnn", front.resolved());

  Section encoder = child(top, "temporal_encoder");
  const std::string encoder_type = encoder.choice("type", encoder_types(), "");
  trunk.encoder = read_encoder(encoder_type, encoder, trunk.front_end.features, options);
  encoder.finish();
  top.record("temporal_encoder", encoder.resolved());
  trunk.context.encoder_dim = trunk.encoder.output_dim;
  if (options.is_causal) top.record("causal", true);
  return trunk;
}

void build_ctc(Section& top, Trunk& trunk, Model& model) {
  Section decoder = child(top, "decoder");
  const CtcDecoder ctc = read_ctc_decoder(decoder, trunk.context);
  decoder.finish();
  top.record("decoder", decoder.resolved());
  model.family = Family::kCtc;
  model.vocabulary.size = ctc.vocab_size;
  model.vocabulary.blank_id = ctc.blank_id;
  model.graphs.emplace("ctc_head", ctc_graph(ctc, "ctc_head", "ctc_decoder."));
}

void build_transducer(Section& top, Trunk& trunk, Model& model) {
  top.allow("joint");
  Section decoder = child(top, "decoder");
  const TransducerDecoder predictor = read_transducer_decoder(decoder, trunk.context);
  decoder.finish();
  top.record("decoder", decoder.resolved());
  trunk.context.vocab_size = predictor.vocab_size;
  trunk.context.decoder_dim = predictor.hidden_dim;
  Section joint_section = child(top, "joint");
  const JointNetwork joint = read_joint_network(joint_section, trunk.context);
  joint_section.finish();
  top.record("joint", joint_section.resolved());
  model.family = Family::kTransducer;
  model.vocabulary.size = predictor.vocab_size;
  model.vocabulary.blank_id = top.integer(
      "blank_id",
      {.fallback = 0, .least = 0, .most = predictor.vocab_size - 1, .is_extension = true});
  model.graphs.emplace("predictor", predictor_graph(predictor, "predictor", "prediction_network.",
                                                    "prediction_output"));
  model.graphs.emplace(
      "joiner", joiner_graph(joint, "joiner", "joint_network.", {"prediction_output", "logits"}));
}

/// The reference takes an attention module and drops it: its decoder owns one. So the section is
/// checked and kept, but decoder.attention_type decides.
void check_attention_section(Section& top, const AttentionDecoder& decoder) {
  top.allow("attention");
  if (!top.has("attention")) return;
  Section section = child(top, "attention");
  const std::string type =
      section.choice("type", {"CrossAttention", "AdditiveAttention", "LocationAwareAttention"}, "");
  section.integer("encoder_dim",
                  {.expected = decoder.encoder_dim, .because = "the encoder's output features:"});
  section.integer("decoder_dim",
                  {.expected = decoder.hidden_dim, .because = "the decoder's hidden_dim:"});
  section.integer("hidden_dim", {.aliases = {"hidden_size"},
                                 .expected = decoder.hidden_dim,
                                 .because = "the decoder's hidden_dim:"});
  section.finish();
  top.record("attention", section.resolved());
  const std::string effective = decoder.attention_type == "additive" ? "AdditiveAttention"
                                : decoder.attention_type == "location_aware"
                                    ? "LocationAwareAttention"
                                    : "CrossAttention";
  if (type != effective) {
    log_warn("{}: type {} has no effect; decoder.attention_type '{}' decides, as in the reference",
             section.config().location(), type, decoder.attention_type);
  }
}

void build_attention(Section& top, Trunk& trunk, Model& model) {
  Section section = child(top, "decoder");
  const AttentionDecoder decoder = read_attention_decoder(section, trunk.context);
  section.finish();
  top.record("decoder", section.resolved());
  check_attention_section(top, decoder);
  model.family = Family::kAttention;
  model.vocabulary.size = decoder.vocab_size;
  for (auto [name, id] : {std::pair{"sos_id", &model.vocabulary.sos_id},
                          std::pair{"eos_id", &model.vocabulary.eos_id}}) {
    *id = top.integer(
        name, {.fallback = *id, .least = 0, .most = std::int64_t{1} << 20, .is_extension = true});
  }
  model.graphs.emplace("decoder_step", decoder_step_graph(decoder, "decoder_step", "decoder."));
}

/// A language model has neither front end nor encoder: its sizes stand beside model_name.
Model build_language_model(Section& top, const DataSizes& data) {
  DecoderContext context;
  context.forced_vocab_size = given(data.vocab_size);
  const TransducerDecoder decoder = read_transducer_decoder(top, context);
  Model model;
  model.family = Family::kLanguage;
  model.vocabulary.size = decoder.vocab_size;
  for (auto [name, id] : {std::pair{"sos_id", &model.vocabulary.sos_id},
                          std::pair{"eos_id", &model.vocabulary.eos_id}}) {
    *id = top.integer(
        name, {.fallback = *id, .least = 0, .most = decoder.vocab_size - 1, .is_extension = true});
  }
  model.graphs.emplace("lm", language_model_graph(decoder, "lm", ""));
  return model;
}

/// Front end, encoder and decoder of a model that reads EEG.
Model build_recognizer(const std::string& variant, Section& top, const DataSizes& data) {
  Trunk trunk = read_trunk(top, data);
  Model model;
  // A Conformer comes with a transducer (the specification's file) or a CTC head.
  const bool has_joint = top.has("joint");
  if (variant == "nest_ctc" || (variant == "nest_conformer" && !has_joint)) {
    build_ctc(top, trunk, model);
  } else if (variant == "nest_attention") {
    build_attention(top, trunk, model);
  } else {
    build_transducer(top, trunk, model);
  }
  model.graphs.emplace("encoder", encoder_graph(trunk));
  model.signal.num_channels = trunk.front_end.channels;
  model.signal.rate_hz = data.sampling_rate_hz > 0 ? static_cast<double>(data.sampling_rate_hz)
                                                   : trunk.front_end.rate_hz;
  for (const auto& [name, value] : trunk.front_end.presets) {
    model.presets.emplace("spatial_cnn." + name, value);
  }
  return model;
}

struct ModelEntry {
  const char* key;
  const char* model_name;
};
constexpr ModelEntry kModels[] = {
    {"nest_rnn_t", "NEST_RNN_T"},         {"nest_transformer_t", "NEST_Transformer_T"},
    {"nest_attention", "NEST_Attention"}, {"nest_ctc", "NEST_CTC"},
    {"nest_conformer", "NEST_Conformer"}, {"nest_lm", "NEST_LM"},
};

/// The variant: the key itself, or what model_name says for a key of the user's own.
std::string variant_of(std::string_view key, const Config& config) {
  const std::vector<std::string> known = model_keys();
  const auto is_known = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  const std::string own = lower(std::string(key));
  if (!config.has("model_name")) {
    require(is_known(own), ErrorCode::kNotFound,
            "unknown model '{}' (known: {}; any other key needs a model_name)", key,
            fmt::join(known, ", "));
    return own;
  }
  const std::string named = lower(config.at("model_name").as_string());
  require(is_known(named), ErrorCode::kDataCorrupt, "{}: unknown model_name (known: {})",
          config.at("model_name").location(), fmt::join(known, ", "));
  require(!is_known(own) || own == named, ErrorCode::kDataCorrupt,
          "{}: {} contradicts the key '{}'", config.at("model_name").location(), named, key);
  return named;
}

}  // namespace

std::vector<std::string> model_keys() {
  std::vector<std::string> keys;
  for (const ModelEntry& entry : kModels) keys.emplace_back(entry.key);
  return keys;
}

Model build_model(std::string_view key, const Config& config, const DataSizes& data) {
  const std::string variant = variant_of(key, config);
  Section top(config, variant);
  const auto entry = std::find_if(std::begin(kModels), std::end(kModels),
                                  [&](const ModelEntry& e) { return variant == e.key; });
  top.allow("model_name");
  top.allow("training");  // the trainer's section
  top.record("model_name", entry->model_name);
  Model model =
      variant == "nest_lm" ? build_language_model(top, data) : build_recognizer(variant, top, data);
  top.finish();
  model.name = key;
  model.config = top.resolved();
  for (const auto& [name, graph] : model.graphs) validate(graph);
  return model;
}

Model build_from_model_config(const Config& config, std::string_view name) {
  if (config.has("model_name")) {
    return build_model(
        name.empty() ? lower(config.at("model_name").as_string()) : std::string(name), config);
  }
  require(config.has("type"), ErrorCode::kDataCorrupt,
          "{}: neither model_name (a whole model) nor type (a block) is given", config.location());
  return build_block(config.at("type").as_string(), config);
}

}  // namespace nest::graph
