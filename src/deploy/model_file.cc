#include "nest/deploy/model_file.h"

#include <algorithm>
#include <set>

#include "narrow_file.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/graph/factory.h"
#include "nest/graph/old_code_rows.h"
#include "nest/graph/serialize.h"
#include "nest/io/packed_checkpoint.h"
#include "weight_names.h"

namespace nest::deploy {
namespace {

/// Entry of a checkpoint that holds what the Python project's format has no place for.
constexpr std::string_view kEntry = "nest";
/// What an entry says of the rows of codes that its quantization means (graph/old_code_rows.h).
constexpr std::string_view kRows = "code_rows";

bool is_model_config(const Config& config) {
  return config.has("model_name") || config.has("type") || config.has("decoder");
}

std::string keys_text(const Config& config) {
  std::string text;
  for (const std::string& key : config.keys()) text += (text.empty() ? "" : ", ") + key;
  return text;
}

/// A config file holds one model_config, or several under their keys.
graph::Model build_from_file(const std::filesystem::path& path, const std::string& model_key) {
  const Config file = Config::load(path);
  if (is_model_config(file)) return graph::build_from_model_config(named_config(file), model_key);
  std::string key = model_key;
  if (key.empty() && file.keys().size() == 1) key = file.keys().front();
  require(!key.empty(), ErrorCode::kInvalidArgument,
          "{}: several models are described; choose one with `model_key`: {}", path.string(),
          keys_text(file));
  return graph::build_model(key, file.at(key));
}

std::filesystem::path sidecar_of(const std::filesystem::path& path) {
  for (const char* extension : {".yaml", ".yml", ".json"}) {
    std::filesystem::path candidate = path;
    candidate.replace_extension(extension);
    if (std::filesystem::exists(candidate)) return candidate;
  }
  return {};
}

Json stored_entry(const io::Checkpoint& checkpoint) {
  if (!checkpoint.extra.is_object() || !checkpoint.extra.contains(kEntry)) return Json::object();
  const Json entry = unpacked_entry(checkpoint.extra[std::string(kEntry)], kEntry);
  require(entry.is_object(), ErrorCode::kDataCorrupt, "the entry '{}' is not an object", kEntry);
  return entry;
}

graph::Model build(const io::Checkpoint& checkpoint, const Json& stored, const std::string& origin,
                   const LoadOptions& options) {
  if (!options.config.empty()) return build_from_file(options.config, options.model_key);
  if (stored.contains("model")) return graph::model_from_json(stored["model"]);
  if (!checkpoint.model_config.is_null()) {
    const Config config = Config::from_json(checkpoint.model_config, origin + ": model_config");
    const bool has_name = stored.contains("name") && stored["name"].is_string();
    const std::string name = has_name ? stored["name"].get<std::string>() : std::string();
    return graph::build_from_model_config(named_config(config),
                                          options.model_key.empty() ? name : options.model_key);
  }
  const std::filesystem::path sidecar = sidecar_of(origin);
  require(
      !sidecar.empty(), ErrorCode::kInvalidArgument,
      "{}: the file has no model_config; name a config file with `config`, or put one beside it",
      origin);
  return build_from_file(sidecar, options.model_key);
}

/// True if the constructor arguments alone give the graphs that the model has; otherwise they are
/// stored in full.
bool is_built_by_config(const graph::Model& model) {
  const std::optional<graph::Model> built = built_by_config(model);
  if (!built || built->graphs.size() != model.graphs.size()) return false;
  return std::ranges::all_of(built->graphs, [&](const auto& item) {
    const auto other = model.graphs.find(item.first);
    return other != model.graphs.end() &&
           graph::to_json(item.second) == graph::to_json(other->second);
  });
}

/// A weight that the model needs and whose values could not be read.
void check_were_read(const graph::Model& model, const io::Checkpoint& checkpoint) {
  if (checkpoint.unread.empty()) return;
  const WeightNames names(checkpoint);
  std::set<std::string> needed;
  for (const graph::WeightInfo& info : graph::weight_infos(model)) needed.insert(info.name);
  for (const io::UnreadTensor& tensor : checkpoint.unread) {
    require(!needed.contains(names.plain(tensor.name)), ErrorCode::kUnsupported,
            "tensor '{}' is of type {}, which is not computed with; store it as float32",
            tensor.name, tensor.type);
  }
}

}  // namespace

void visit_fields(FieldVisitor& visitor, LoadOptions& o) {
  visitor.field("config", o.config,
                "YAML or JSON that describes the model, if the weights file does not", {},
                {.flag = "config,model-config"});
  visitor.field("model_key", o.model_key, "which model of the config file");
}

void validate(const LoadOptions& options) {
  require(options.config.empty() || std::filesystem::exists(options.config), ErrorCode::kNotFound,
          "{}: no such config file", options.config);
}

std::string infer_model_name(const Config& model_config) {
  if (model_config.has("joint")) {
    const std::string encoder = model_config.get("temporal_encoder").get_string("type", "");
    return encoder == "Transformer" ? "NEST_Transformer_T" : "NEST_RNN_T";
  }
  const Config decoder = model_config.at("decoder");
  const bool has_embedding = decoder.has("embedding_dim") || decoder.has("encoder_dim");
  return has_embedding || model_config.has("attention") ? "NEST_Attention" : "NEST_CTC";
}

graph::Model model_from_checkpoint(const io::Checkpoint& checkpoint, const std::string& origin,
                                   const LoadOptions& options) {
  validate(options);
  const Json stored = stored_entry(checkpoint);
  graph::Model model = build(checkpoint, stored, origin, options);
  with_context(origin, [&] {
    if (stored.contains("signal")) {
      model.signal = graph::signal_contract_from_json(stored["signal"]);
    }
    if (stored.contains("vocabulary")) {
      model.vocabulary = graph::vocabulary_from_json(stored["vocabulary"]);
    }
    if (stored.contains("quantization")) {
      model.quantization = graph::quantization_from_json(stored["quantization"], model);
    }
    check_were_read(model, checkpoint);
    TensorMap weights = plain_weights(checkpoint);
    widen(weights, model, stored.value(kRows, std::int64_t{1}));
    graph::load_weights(model, weights);
  });
  return model;
}

graph::Model load_model(const std::filesystem::path& path, const LoadOptions& options) {
  return model_from_checkpoint(read_weights(path), path.string(), options);
}

graph::SignalContract load_contract(const std::filesystem::path& path) {
  const bool is_folder = std::filesystem::is_directory(path);
  const std::filesystem::path file = is_folder ? path / "dataset.json" : path;
  const Config whole = Config::load(file);
  const Config config = whole.has("signal") ? whole.at("signal") : whole;
  graph::SignalContract contract;
  read_fields(config, contract);  // its errors know the line
  return with_context(file.string(),
                      [&] { return graph::signal_contract_from_json(config.to_json()); });
}

io::Checkpoint to_checkpoint(const graph::Model& model) {
  io::Checkpoint checkpoint;
  checkpoint.state_dict = model.weights;
  checkpoint.model_config = model.config;
  Json entry;
  entry["name"] = model.name;
  entry["signal"] = nest::to_json(model.signal);
  entry["vocabulary"] = graph::to_json(model.vocabulary);
  if (model.quantization != graph::Quantization{}) {
    entry["quantization"] = graph::to_json(model.quantization);
    entry[kRows] = graph::kCodeRows;
  }
  if (!is_built_by_config(model)) entry["model"] = graph::to_json(model);
  checkpoint.extra = Json::object();
  checkpoint.extra[std::string(kEntry)] = std::move(entry);
  return checkpoint;
}

void save_model(const graph::Model& model, const std::filesystem::path& path) {
  io::Checkpoint checkpoint = to_checkpoint(model);
  const bool holds_codes =
      path.extension() == ".safetensors" && model.quantization != graph::Quantization{};
  if (holds_codes) {
    checkpoint.state_dict = narrowed(model);
    io::write_packed_checkpoint(path, checkpoint);
  } else {
    io::write_checkpoint(path, checkpoint);
  }
}

}  // namespace nest::deploy
