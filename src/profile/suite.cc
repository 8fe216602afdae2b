#include "nest/profile/suite.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/graph/factory.h"
#include "nest/graph/streaming.h"

namespace nest::profile {
namespace {

constexpr std::uint64_t kSeed = 7;

/// The step of a causal encoder, for work that names it.
void add_step(SuiteItem& item) {
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

SuiteItem read_item(const std::string& name, const Config& config, const Config& models) {
  config.expect_keys(
      {"block", "model_key", "graph", "batch", "length", "steps", "goal_ms", "goal_ratio"});
  SuiteItem item;
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

graph::Model with_random_weights(graph::Model model) {
  Rng rng(kSeed);
  graph::initialize_weights(model, rng);
  return model;
}

std::vector<SuiteItem> read_suite(const std::filesystem::path& path,
                                  const std::vector<std::string>& only) {
  const Config suite = Config::load(path);
  suite.expect_keys({"models", "work"});
  const auto folder = path.parent_path();
  const Config models = Config::load(folder / suite.at("models").as_string());
  const std::vector<std::string> names = suite.at("work").keys();
  for (const std::string& name : only) {
    require(std::ranges::find(names, name) != names.end(), ErrorCode::kNotFound,
            "{} has no work '{}'; there is: {}", path.string(), name, fmt::join(names, ", "));
  }
  std::vector<SuiteItem> items;
  for (const std::string& name : names) {
    if (!only.empty() && std::ranges::find(only, name) == only.end()) continue;
    items.push_back(read_item(name, suite.at("work").at(name), models));
  }
  return items;
}

SuiteItem make_item(graph::Model model, const WorkOptions& work) {
  SuiteItem item;
  item.name = model.name + "_" + work.graph;
  item.model = std::move(model);
  item.work = work;
  add_step(item);
  return item;
}

}  // namespace nest::profile
