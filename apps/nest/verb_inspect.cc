#include <memory>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json_text.h"
#include "nest/data/summary.h"
#include "nest/deploy/inspect.h"
#include "nest/eval/document.h"
#include "nest/graph/graph.h"
#include "terminal.h"

extern char** environ;

namespace nest {
namespace {

struct Arguments {
  std::string file;
  deploy::InspectOptions options;
  std::string svg;   ///< where to write a picture
  bool dot = false;  ///< Graphviz source instead of the text
  bool json = false;
};

/// Runs Graphviz's program.
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

const graph::Model& need_model(const deploy::Inspection& found, const Arguments& a) {
  require(found.model.has_value(), ErrorCode::kDataCorrupt, "{}: there is no model to draw: {}",
          a.file, found.description.value("model_error", "it is no model file"));
  return *found.model;
}

std::string dot_of(const graph::Model& model, const std::string& graph) {
  std::string dot;
  for (const auto& [name, one] : model.graphs) {
    if (graph.empty() || graph == name) dot += graph::to_dot(one);
  }
  return dot;
}

/// The graph asked for, else the encoder, else the first.
std::string svg_source(const graph::Model& model, const std::string& graph) {
  if (!graph.empty()) return graph::to_dot(model.graph(graph));
  if (model.graphs.contains("encoder")) return graph::to_dot(model.graph("encoder"));
  return graph::to_dot(model.graphs.begin()->second);
}

int inspect_dataset(const Arguments& a) {
  const data::Dataset dataset = data::Dataset::open(a.file, {.strict_files = a.options.strict});
  const data::DatasetSummary summary = data::summarize(dataset);
  Json json = to_json(summary, dataset);
  json["kind"] = "dataset";
  print_report(a.json, json, "dataset  " + data::summary_text(summary, dataset));
  require(dataset.problems().empty(), ErrorCode::kDataCorrupt, "{}: {} utterances cannot be used",
          a.file, dataset.problems().size());
  return 0;
}

int run(const Arguments& a) {
  if (std::filesystem::exists(std::filesystem::path(a.file) / "dataset.json")) {
    return inspect_dataset(a);
  }
  if (const auto document = eval::read_document(a.file)) {
    return print_report(a.json, document->description, document->text);
  }
  const deploy::Inspection found = deploy::inspect(a.file, a.options);
  if (!a.svg.empty()) draw(svg_source(need_model(found, a), a.options.graph), a.svg);
  std::string text;
  if (a.dot) {
    text = dot_of(need_model(found, a), a.options.graph);
  } else {
    text = a.json ? json_text(found.description, 2) + "\n" : deploy::inspection_text(found);
  }
  fmt::print("{}", text);
  require(found.problem.empty(), ErrorCode::kDataCorrupt, "{}", found.problem);
  return 0;
}

}  // namespace

void add_inspect(CommandLine& line) {
  line.add_verb("inspect",
                "What is in a file or folder: model, recording, dataset, training run, results",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  flags.positional("file", a->file, "the file or folder").required();
                  flags.add("graph", a->options.graph, "only this graph of a model");
                  flags.add("model-key", a->options.model_key, "one model of a configuration");
                  flags.add("dot", a->dot, "print Graphviz source instead of a table");
                  flags.add("svg", a->svg, "draw a graph to this file (needs Graphviz)");
                  flags.add("stream", a->options.stream,
                            "one part of a recording with several, by name or id");
                  flags.add("strict", a->options.strict, "any warning is an error");
                  flags.add("json", a->json, "print JSON");
                  return [a] { return run(*a); };
                });
}

}  // namespace nest
