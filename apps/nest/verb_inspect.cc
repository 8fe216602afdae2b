#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "nest/graph/serialize.h"
#include "nest/io/checkpoint.h"

namespace nest {
namespace {

struct InspectArguments {
  std::string file;
  std::string model_key;
  std::string graph;
  bool dot = false;
  bool json = false;
};

bool is_yaml(const std::filesystem::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

void print_model(const graph::Model& model, const InspectArguments& arguments) {
  require(arguments.graph.empty() || model.graphs.contains(arguments.graph), ErrorCode::kNotFound,
          "model '{}' has no graph '{}'; leave --graph out to see them all", model.name,
          arguments.graph);
  if (arguments.json) {
    fmt::print("{}\n", graph::to_json(model).dump(2));
    return;
  }
  if (!arguments.dot) {
    fmt::print("model {} ({}), {} parameters, {} channels, vocabulary {}\n", model.name,
               name_of(model.family), model.num_parameters(), model.signal.num_channels,
               model.vocabulary.size);
  }
  const TensorMap* weights = model.weights.empty() ? nullptr : &model.weights;
  for (const auto& [name, one] : model.graphs) {
    if (!arguments.graph.empty() && arguments.graph != name) continue;
    fmt::print("{}", arguments.dot ? to_dot(one) : "\n" + to_text(one, weights));
  }
}

/// A configuration file: the models in it, or one of them.
void inspect_config(const InspectArguments& arguments) {
  const Config config = Config::load(arguments.file);
  if (!arguments.model_key.empty()) {
    print_model(graph::build_model(arguments.model_key, config.at(arguments.model_key)), arguments);
    return;
  }
  Json list = Json::array();
  for (const std::string& key : config.keys()) {
    const graph::Model model = graph::build_model(key, config.at(key));
    list.push_back(
        {{"key", key}, {"family", name_of(model.family)}, {"parameters", model.num_parameters()}});
  }
  if (arguments.json) {
    fmt::print("{}\n", list.dump(2));
    return;
  }
  for (const Json& entry : list) {
    fmt::print("{:<28} {:<12} {:>12} parameters\n", entry["key"].get<std::string>(),
               entry["family"].get<std::string>(), entry["parameters"].get<std::int64_t>());
  }
}

/// Weights without a configuration: the tensors.
void print_tensors(const TensorMap& tensors, bool as_json) {
  Json list = Json::array();
  for (const auto& [name, tensor] : tensors) {
    list.push_back({{"name", name}, {"dtype", name_of(tensor.dtype())}, {"shape", tensor.shape()}});
  }
  if (as_json) {
    fmt::print("{}\n", list.dump(2));
    return;
  }
  for (const auto& [name, tensor] : tensors) {
    fmt::print("{:<60} {:<9} {}\n", name, name_of(tensor.dtype()), to_string(tensor.shape()));
  }
}

void inspect_checkpoint(const InspectArguments& arguments) {
  const io::Checkpoint checkpoint = io::read_checkpoint(arguments.file);
  if (checkpoint.model_config.is_null()) {
    print_tensors(checkpoint.state_dict, arguments.json);
    return;
  }
  graph::Model model = graph::build_from_model_config(
      Config::from_json(checkpoint.model_config, arguments.file + ": model_config"),
      arguments.model_key);
  with_context(arguments.file, [&] { graph::load_weights(model, checkpoint.state_dict); });
  print_model(model, arguments);
}

}  // namespace

void add_inspect(CommandLine& line) {
  line.add_verb("inspect", "What is in a checkpoint or a model configuration",
                [](Flags& flags) -> CommandLine::Run {
                  auto arguments = std::make_shared<InspectArguments>();
                  flags
                      .positional("file", arguments->file,
                                  "checkpoint (.pt, .safetensors) or configuration (.yaml)")
                      .required();
                  flags.add("model-key", arguments->model_key, "one model of a configuration");
                  flags.add("graph", arguments->graph, "only this graph of the model");
                  flags.add("dot", arguments->dot, "print Graphviz source instead of a table");
                  flags.add("json", arguments->json, "print JSON");
                  return [arguments] {
                    if (is_yaml(arguments->file)) {
                      inspect_config(*arguments);
                    } else {
                      inspect_checkpoint(*arguments);
                    }
                    return 0;
                  };
                });
}

}  // namespace nest
