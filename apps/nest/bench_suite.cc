#include "bench_suite.h"

#include <algorithm>
#include <filesystem>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "nest/graph/streaming.h"

namespace nest {
namespace {

constexpr std::uint64_t kSeed = 7;

graph::Model with_random_weights(graph::Model model) {
  Rng rng(kSeed);
  graph::initialize_weights(model, rng);
  return model;
}

/// The step of a causal encoder, for work that names it.
void add_step(BenchItem& item) {
  if (item.work.graph == "encoder_step" && !item.model.graphs.contains("encoder_step"))
    graph::add_streaming_step(item.model);
}

std::map<std::string, double> read_goals(const Config& config) {
  std::map<std::string, double> goals;
  if (config.is_null()) return goals;
  for (const std::string& key : config.keys()) goals[key] = config.at(key).as_double();
  return goals;
}

graph::Model build(const Config& config, const Config& models) {
  if (config.has("block")) {
    const Config block = config.at("block");
    return graph::build_from_model_config(Config::from_json(block.to_json(), block.location()));
  }
  const std::string key = config.at("model_key").as_string();
  return graph::build_model(key, models.at(key));
}

BenchItem read_item(const std::string& name, const Config& config, const Config& models) {
  config.expect_keys(
      {"block", "model_key", "graph", "batch", "length", "steps", "goal_ms", "goal_ratio"});
  BenchItem item;
  item.name = name;
  item.model = with_random_weights(build(config, models));
  item.work.graph = config.at("graph").as_string();
  item.work.batch = config.get_int("batch", item.work.batch);
  item.work.length = config.get_int("length", item.work.length);
  item.work.steps = static_cast<int>(config.get_int("steps", item.work.steps));
  item.goal_ms = read_goals(config.get("goal_ms"));
  item.goal_ratio = read_goals(config.get("goal_ratio"));
  add_step(item);
  return item;
}

}  // namespace

std::vector<BenchItem> read_suite(const std::string& path, const std::vector<std::string>& only) {
  const Config suite = Config::load(path);
  suite.expect_keys({"models", "work"});
  const auto folder = std::filesystem::path(path).parent_path();
  const Config models = Config::load(folder / suite.at("models").as_string());
  const std::vector<std::string> names = suite.at("work").keys();
  for (const std::string& name : only) {
    require(std::ranges::find(names, name) != names.end(), ErrorCode::kNotFound,
            "{} has no work '{}'; there is: {}", path, name, fmt::join(names, ", "));
  }
  std::vector<BenchItem> items;
  for (const std::string& name : names) {
    if (!only.empty() && std::ranges::find(only, name) == only.end()) continue;
    items.push_back(read_item(name, suite.at("work").at(name), models));
  }
  return items;
}

BenchItem single_item(const std::string& file, const deploy::LoadOptions& load,
                      const profile::WorkOptions& work) {
  BenchItem item;
  if (!file.empty()) {
    item.model = deploy::load_model(file, load);
  } else {
    require(!load.config.empty() && !load.model_key.empty(), ErrorCode::kInvalidArgument,
            "nothing to measure: give --suite, --model, or --config with --model-key");
    item.model = with_random_weights(
        graph::build_model(load.model_key, Config::load(load.config).at(load.model_key)));
  }
  item.name = item.model.name + "_" + work.graph;
  item.work = work;
  add_step(item);
  return item;
}

}  // namespace nest
