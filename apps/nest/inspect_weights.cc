// Checkpoints: config, tensors, the graphs they build, and a picture of one.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include "inspect.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/graph.h"
#include "nest/io/checkpoint.h"
#include "nest/io/zip.h"

extern char** environ;

namespace nest {
namespace {

bool is_weights(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  for (const char* known : {".pt", ".pth", ".ckpt", ".bin", ".safetensors"}) {
    if (extension == known) return true;
  }
  return io::is_zip(MappedFile::open(path)->bytes());
}

void draw(const std::string& dot_source, const std::string& svg) {
  const std::string source = svg + ".dot";
  write_text_file(source, dot_source);
  const std::string arguments[] = {"dot", "-Tsvg", "-o", svg, source};
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, "dot", nullptr, nullptr, argv.data(), environ);
  int status = 0;
  const bool is_done = error == 0 && ::waitpid(pid, &status, 0) == pid;
  std::filesystem::remove(source);
  require(is_done && WIFEXITED(status) && WEXITSTATUS(status) == 0, ErrorCode::kUnsupported,
          "{}: drawing needs Graphviz's program 'dot', which is missing or failed (apt-get install "
          "graphviz); --dot writes the source without it",
          svg);
}

void write_pictures(const graph::Model& model, const InspectOptions& options) {
  if (options.dot.empty() && options.svg.empty()) return;
  const std::string name = options.graph.empty() ? model.graphs.begin()->first : options.graph;
  const graph::Graph& drawn = options.graph.empty() && model.graphs.contains("encoder")
                                  ? model.graph("encoder")
                                  : model.graph(name);
  const std::string source = graph::to_dot(drawn);
  if (!options.dot.empty()) write_text_file(options.dot, source);
  if (!options.svg.empty()) draw(source, options.svg);
}

void add_tensors(const io::Checkpoint& checkpoint, InspectReport& report) {
  Json tensors = Json::array();
  std::int64_t elements = 0;
  std::uint64_t bytes = 0;
  std::string lines;
  for (const auto& [name, tensor] : checkpoint.state_dict) {
    tensors.push_back(
        {{"name", name}, {"dtype", name_of(tensor.dtype())}, {"shape", tensor.shape()}});
    lines += fmt::format("  {:<56} {:<9} {}\n", name, name_of(tensor.dtype()),
                         to_string(tensor.shape()));
    elements += tensor.numel();
    bytes += tensor.nbytes();
  }
  report.json["elements"] = elements;
  report.json["bytes"] = bytes;
  report.json["tensors"] = std::move(tensors);
  report.text += fmt::format("tensors     {} with {} elements, {} bytes\n{}",
                             checkpoint.state_dict.size(), elements, bytes, lines);
}

void add_model(const graph::Model& model, const InspectOptions& options, InspectReport& report) {
  report.json["model"] = model.name;
  report.json["family"] = name_of(model.family);
  report.json["parameters"] = model.num_parameters();
  report.json["signal"] = graph::to_json(model.signal);
  report.text += fmt::format("model       {} ({}), {} trainable parameters\n", model.name,
                             name_of(model.family), model.num_parameters());
  for (const auto& [name, graph] : model.graphs) {
    if (!options.graph.empty() && name != options.graph) continue;
    const std::string dump = graph::to_text(graph, &model.weights);
    report.json["graphs"][name] = dump;
    report.text += fmt::format("graph       {}\n{}", name, dump);
  }
}

}  // namespace

std::optional<InspectReport> inspect_weights(const InspectOptions& options) {
  if (!is_weights(options.file)) return std::nullopt;
  const io::Checkpoint checkpoint = io::read_checkpoint(options.file);
  InspectReport report;
  report.json["kind"] = "checkpoint";
  report.json["config"] = checkpoint.model_config;
  report.json["extra"] = checkpoint.extra;
  report.text = fmt::format("config      {}\n", checkpoint.model_config.dump());
  if (!checkpoint.extra.empty()) {
    report.text += fmt::format("extra       {}\n", checkpoint.extra.dump());
  }
  try {
    const graph::Model model = deploy::model_from_checkpoint(checkpoint, options.file);
    add_model(model, options, report);
    write_pictures(model, options);
  } catch (const Error& error) {
    const bool is_picture_asked = !options.dot.empty() || !options.svg.empty();
    if (is_picture_asked || !options.graph.empty()) throw;
    report.json["model_error"] = error.what();
    report.text += fmt::format("model       none: {}\n", error.what());
  }
  add_tensors(checkpoint, report);
  return report;
}

}  // namespace nest
