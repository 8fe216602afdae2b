// Prepared models, configurations and checkpoints.
#include "inspect_kinds.h"
#include "narrow_file.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/io/checkpoint.h"
#include "nest/io/zip.h"
#include "nest/runtime/prepared.h"

namespace nest::deploy {
namespace {

void add_model(graph::Model model, const InspectOptions& options, Inspection& found) {
  require(options.graph.empty() || model.graphs.contains(options.graph), ErrorCode::kNotFound,
          "model '{}' has no graph '{}'; leave it out to see them all", model.name, options.graph);
  Json& json = found.description;
  json["model"] = model.name;
  json["family"] = name_of(model.family);
  json["parameters"] = model.num_parameters();
  json["vocabulary"] = model.vocabulary.size;
  if (!model.vocabulary.text_rule.is_null()) json["text_rule"] = model.vocabulary.text_rule;
  json["quantization"] = graph::to_json(model.quantization);
  json["signal"] = nest::to_json(model.signal);
  const TensorMap* weights = model.weights.empty() ? nullptr : &model.weights;
  for (const auto& [name, one] : model.graphs) {
    if (!options.graph.empty() && options.graph != name) continue;
    json["graphs"][name] = graph::to_text(one, weights);
  }
  found.model = std::move(model);
}

bool is_weights(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  for (const char* known : {".pt", ".pth", ".ckpt", ".bin", ".safetensors"}) {
    if (extension == known) return true;
  }
  return io::is_zip(MappedFile::open(path)->bytes());
}

void add_tensors(const io::Checkpoint& checkpoint, Json& json) {
  std::int64_t elements = 0;
  std::uint64_t bytes = 0;
  json["tensors"] = Json::array();
  for (const auto& [name, tensor] : checkpoint.state_dict) {
    json["tensors"].push_back(
        {{"name", name}, {"dtype", name_of(tensor.dtype())}, {"shape", tensor.shape()}});
    elements += tensor.numel();
    bytes += tensor.nbytes();
  }
  for (const io::UnreadTensor& tensor : checkpoint.unread) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"dtype", tensor.type},
                               {"shape", tensor.shape},
                               {"is_read", false}});
  }
  json["elements"] = elements;
  json["bytes"] = bytes;
}

/// A config that describes a model must build it and fit the weights; any other is only shown.
bool describes_model(const Json& config) {
  return config.is_object() &&
         (config.contains("model_name") || config.contains("type") || config.contains("decoder"));
}

}  // namespace

std::optional<Inspection> inspect_prepared(const std::filesystem::path& path,
                                           const InspectOptions& options) {
  if (!runtime::is_prepared_file(path)) return std::nullopt;
  const auto prepared = runtime::PreparedModel::open(path);
  Inspection found;
  found.description["kind"] = "prepared model";
  found.description["weight_bytes"] = prepared->weight_bytes();
  add_model(prepared->model(), options, found);
  return found;
}

std::optional<Inspection> inspect_config(const std::filesystem::path& path,
                                         const InspectOptions& options) {
  if (path.extension() != ".yaml" && path.extension() != ".yml") return std::nullopt;
  const Config config = Config::load(path);
  Inspection found;
  found.description["kind"] = "configuration";
  if (!options.model_key.empty()) {
    add_model(graph::build_model(options.model_key, config.at(options.model_key)), options, found);
    return found;
  }
  found.description["models"] = Json::array();
  for (const std::string& key : config.keys()) {
    const graph::Model model = graph::build_model(key, config.at(key));
    found.description["models"].push_back(
        {{"key", key}, {"family", name_of(model.family)}, {"parameters", model.num_parameters()}});
  }
  return found;
}

std::optional<Inspection> inspect_weights(const std::filesystem::path& path,
                                          const InspectOptions& options) {
  if (!is_weights(path)) return std::nullopt;
  const io::Checkpoint checkpoint = io::read_checkpoint(path, {.strict = options.strict});
  Inspection found;
  found.description["kind"] = "checkpoint";
  found.description["config"] = checkpoint.model_config;
  found.description["extra"] = checkpoint.extra;
  for (auto& [name, entry] : found.description["extra"].items()) {
    if (name == "nest") entry = unpacked_entry(entry, name);
  }
  found.description["warnings"] = checkpoint.warnings;
  add_tensors(checkpoint, found.description);
  try {
    const LoadOptions load{.config = "", .model_key = options.model_key};
    add_model(model_from_checkpoint(checkpoint, path.string(), load), options, found);
  } catch (const Error& error) {
    if (!options.graph.empty()) throw;
    found.description["model_error"] = error.what();
    if (describes_model(checkpoint.model_config)) found.problem = error.what();
  }
  return found;
}

}  // namespace nest::deploy
