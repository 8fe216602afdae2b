// Checkpoints: config, tensors, and the model they make.
#include <fmt/format.h>

#include "inspect.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/graph.h"
#include "nest/io/checkpoint.h"
#include "nest/io/zip.h"

namespace nest {
namespace {

bool is_weights(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  for (const char* known : {".pt", ".pth", ".ckpt", ".bin", ".safetensors"}) {
    if (extension == known) return true;
  }
  return io::is_zip(MappedFile::open(path)->bytes());
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
  report.text += fmt::format("\n{} tensors with {} elements, {} bytes\n{}",
                             checkpoint.state_dict.size(), elements, bytes, lines);
}

/// A config that describes a model must build it and fit the weights; any other is only shown.
bool describes_model(const Json& config) {
  return config.is_object() &&
         (config.contains("model_name") || config.contains("type") || config.contains("decoder"));
}

}  // namespace

std::optional<InspectReport> inspect_weights(const InspectOptions& options) {
  if (!is_weights(options.file)) return std::nullopt;
  const io::Checkpoint checkpoint = io::read_checkpoint(options.file);
  InspectReport report;
  report.json["kind"] = "checkpoint";
  report.json["config"] = checkpoint.model_config;
  report.json["extra"] = checkpoint.extra;
  report.text = fmt::format("config {}\n", checkpoint.model_config.dump());
  for (const auto& [key, value] : checkpoint.extra.items()) {
    constexpr std::size_t kShown = 400;  // a run's history can be megabytes; --json has it whole
    std::string text = value.dump();
    if (text.size() > kShown)
      text = fmt::format("{}… ({} bytes)", text.substr(0, kShown), text.size());
    report.text += fmt::format("extra.{} {}\n", key, text);
  }
  try {
    const deploy::LoadOptions load{.config = "", .model_key = options.model_key};
    report_model(deploy::model_from_checkpoint(checkpoint, options.file, load), options, report);
    if (options.dot) return report;
  } catch (const Error& error) {
    if (options.dot || !options.svg.empty() || !options.graph.empty()) throw;
    report.json["model_error"] = error.what();
    report.text += fmt::format("model none: {}\n", error.what());
    if (describes_model(checkpoint.model_config)) report.problem = error.what();
  }
  add_tensors(checkpoint, report);
  return report;
}

}  // namespace nest
