// What a model is, for checkpoints and configurations alike.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include "inspect.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/graph/factory.h"
#include "nest/graph/graph.h"

extern char** environ;

namespace nest {
namespace {

void draw(const std::string& dot_source, const std::string& svg) {
  const std::string source = svg + ".dot";
  write_text_file(source, dot_source);
  const std::string arguments[] = {"dot", "-Tsvg", "-o", svg, source};
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, "dot", nullptr, nullptr, argv.data(), environ);
  int status = 0;
  const bool is_done = error == 0 && ::waitpid(pid, &status, 0) == pid;
  std::filesystem::remove(source);
  require(is_done && WIFEXITED(status) && WEXITSTATUS(status) == 0, ErrorCode::kUnsupported,
          "{}: drawing needs Graphviz's program 'dot', which is missing or failed (apt-get install "
          "graphviz); --dot prints the source without it",
          svg);
}

}  // namespace

void report_model(const graph::Model& model, const InspectOptions& options, InspectReport& report) {
  require(options.graph.empty() || model.graphs.contains(options.graph), ErrorCode::kNotFound,
          "model '{}' has no graph '{}'; leave --graph out to see them all", model.name,
          options.graph);
  report.json["model"] = model.name;
  report.json["family"] = name_of(model.family);
  report.json["parameters"] = model.num_parameters();
  report.json["quantization"] = graph::to_json(model.quantization);
  report.json["signal"] = graph::to_json(model.signal);
  report.text += fmt::format("model {} ({}), {} parameters, {}, {} channels, vocabulary {}\n",
                             model.name, name_of(model.family), model.num_parameters(),
                             graph::describe(model.quantization), model.signal.num_channels,
                             model.vocabulary.size);
  const TensorMap* weights = model.weights.empty() ? nullptr : &model.weights;
  std::string dot;
  for (const auto& [name, one] : model.graphs) {
    if (!options.graph.empty() && options.graph != name) continue;
    report.json["graphs"][name] = graph::to_text(one, weights);
    report.text += "\n" + graph::to_text(one, weights);
    dot += graph::to_dot(one);
  }
  if (options.dot) report.text = dot;
  if (options.svg.empty()) return;
  const bool has_encoder = options.graph.empty() && model.graphs.contains("encoder");
  const std::string drawn = has_encoder             ? "encoder"
                            : options.graph.empty() ? model.graphs.begin()->first
                                                    : options.graph;
  draw(graph::to_dot(model.graph(drawn)), options.svg);
}

std::optional<InspectReport> inspect_config(const InspectOptions& options) {
  const std::string extension = std::filesystem::path(options.file).extension().string();
  if (extension != ".yaml" && extension != ".yml") return std::nullopt;
  const Config config = Config::load(options.file);
  InspectReport report;
  report.json["kind"] = "configuration";
  if (!options.model_key.empty()) {
    const graph::Model model = graph::build_model(options.model_key, config.at(options.model_key));
    report_model(model, options, report);
    return report;
  }
  report.json["models"] = Json::array();
  for (const std::string& key : config.keys()) {
    const graph::Model model = graph::build_model(key, config.at(key));
    report.json["models"].push_back(
        {{"key", key}, {"family", name_of(model.family)}, {"parameters", model.num_parameters()}});
    report.text += fmt::format("{:<28} {:<12} {:>12} parameters\n", key, name_of(model.family),
                               model.num_parameters());
  }
  return report;
}

}  // namespace nest
