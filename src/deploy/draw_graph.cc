#include <spawn.h>
#include <sys/wait.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/deploy/inspect.h"
#include "nest/graph/graph.h"

extern char** environ;

namespace nest::deploy {
namespace {

const graph::Model& need_model(const Inspection& found, const std::string& file) {
  require(found.model.has_value(), ErrorCode::kDataCorrupt, "{}: there is no model to draw: {}",
          file, found.description.value("model_error", "it is no model file"));
  return *found.model;
}

const graph::Graph& graph_to_draw(const graph::Model& model, const std::string& graph) {
  if (!graph.empty()) return model.graph(graph);
  if (model.graphs.contains("encoder")) return model.graph("encoder");
  return model.graphs.begin()->second;
}

/// Runs Graphviz's program; false if it is missing or fails.
bool run_dot(const std::string& source, const std::string& svg) {
  const std::string arguments[] = {"dot", "-Tsvg", "-o", svg, source};
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  int status = 0;
  return ::posix_spawnp(&pid, "dot", nullptr, nullptr, argv.data(), environ) == 0 &&
         ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::string dot_source(const Inspection& inspection, const std::string& file,
                       const std::string& graph) {
  std::string dot;
  for (const auto& [name, one] : need_model(inspection, file).graphs) {
    if (graph.empty() || graph == name) dot += graph::to_dot(one);
  }
  return dot;
}

void draw_graph(const Inspection& inspection, const std::string& file, const std::string& graph,
                const std::string& svg) {
  const std::string source = svg + ".dot";
  write_text_file(source, graph::to_dot(graph_to_draw(need_model(inspection, file), graph)));
  const bool is_drawn = run_dot(source, svg);
  std::filesystem::remove(source);
  require(is_drawn, ErrorCode::kUnsupported,
          "{}: drawing needs Graphviz's program 'dot', which is missing or failed (apt-get install "
          "graphviz); `dot` prints the source without it",
          svg);
}

}  // namespace nest::deploy
