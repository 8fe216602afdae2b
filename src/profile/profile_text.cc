#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/options.h"
#include "nest/profile/model_profiler.h"

namespace nest::profile {
namespace {

/// "12.3 k", "4.56 M"
std::string count_text(double count) {
  constexpr std::pair<double, const char*> kUnits[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
  for (const auto& [size, unit] : kUnits) {
    if (count >= size) return fmt::format("{:.3g} {}", count / size, unit);
  }
  return fmt::format("{:.0f}", count);
}

std::string count_text(std::int64_t count) {
  return count_text(static_cast<double>(count));
}

/// A module path with what lies at or below it.
struct Branch {
  graph::Cost cost;
  std::int64_t peak_bytes = 0;
  const LayerProfile* layer = nullptr;  ///< of a leaf
};

std::string row(std::string_view name, const Branch& branch, double all) {
  const graph::Cost& c = branch.cost;
  const double share = all > 0 ? 100 * static_cast<double>(c.macs > 0 ? c.macs : 0) / all : 0;
  std::string text =
      fmt::format("  {:<44} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6.1f}", name, count_text(c.parameters),
                  count_text(c.macs), count_text(c.flops), count_text(c.weight_bytes),
                  branch.peak_bytes > 0 ? count_text(branch.peak_bytes) : "-", share);
  if (branch.layer == nullptr) return text + "\n";
  std::vector<std::string> shapes;
  for (const Shape& shape : branch.layer->outputs) shapes.push_back(to_string(shape));
  return text + fmt::format(" {:>7.2f}  {} {} ({})\n", branch.layer->intensity, branch.layer->kind,
                            fmt::join(shapes, " "), count_text(c.output_bytes) + "B");
}

/// Paths in the order in which their first layer runs.
std::vector<std::pair<std::string, Branch>> branches_of(const ModelProfile& profile,
                                                        const std::string& graph) {
  std::vector<std::pair<std::string, Branch>> branches;
  std::map<std::string, std::size_t> index;
  for (const LayerProfile& layer : profile.layers) {
    if (layer.graph != graph) continue;
    for (std::size_t end = 0; end != std::string::npos;) {
      end = layer.name.find('.', end + 1);
      const std::string path = layer.name.substr(0, end);
      const auto [found, is_new] = index.emplace(path, branches.size());
      if (is_new) branches.emplace_back(path, Branch{});
      Branch& branch = branches[found->second].second;
      branch.cost += layer.cost;
      branch.peak_bytes = std::max(branch.peak_bytes, layer.peak_bytes);
      if (end == std::string::npos) branch.layer = &layer;
    }
  }
  return branches;
}

/// "  layers.0" below "encoder": indented, without what the parent says.
std::string indented(const std::string& path) {
  const auto depth = static_cast<std::size_t>(std::ranges::count(path, '.'));
  const std::size_t dot = path.rfind('.');
  return std::string(2 * depth, ' ') + (dot == std::string::npos ? path : path.substr(dot + 1));
}

Json layer_json(const LayerProfile& layer) {
  Json json{{"graph", layer.graph},
            {"name", layer.name},
            {"kind", layer.kind},
            {"parameters", layer.cost.parameters},
            {"macs", layer.cost.macs},
            {"flops", layer.cost.flops},
            {"weight_bytes", layer.cost.weight_bytes},
            {"peak_bytes", layer.peak_bytes},
            {"input_bytes", layer.cost.input_bytes},
            {"output_bytes", layer.cost.output_bytes},
            {"share", layer.share},
            {"intensity", layer.intensity}};
  json["output_shapes"] = layer.outputs;
  return json;
}

}  // namespace

Json to_json(const ModelProfile& profile) {
  Json json{{"model", profile.model},
            {"parameters", profile.parameters.trainable},
            {"buffers", profile.parameters.buffers},
            {"macs", profile.operations.macs},
            {"flops", profile.operations.flops},
            {"weight_bytes", profile.memory.weight_bytes},
            {"peak_bytes", profile.memory.activation_bytes},
            {"total_bytes", profile.memory.total_bytes},
            {"training_bytes", profile.memory.training_bytes}};
  for (const WorkOptions& work : profile.works) json["works"].push_back(nest::to_json(work));
  json["layers"] = Json::array();
  for (const LayerProfile& layer : profile.layers) json["layers"].push_back(layer_json(layer));
  return json;
}

std::string profile_text(const ModelProfile& profile) {
  std::string text = fmt::format(
      "{}: {} parameters and {} values that are not trained, {} MACs, {} FLOPs; {}B weights as "
      "stored, {}B planned for activations\n",
      profile.model, count_text(profile.parameters.trainable),
      count_text(profile.parameters.buffers), count_text(profile.operations.macs),
      count_text(profile.operations.flops), count_text(profile.memory.weight_bytes),
      count_text(profile.memory.activation_bytes));
  for (const WorkOptions& work : profile.works) {
    text += fmt::format(
        "graph {}, batch {}, length {}\n  {:<44} {:>9} {:>9} {:>9} {:>9} {:>9} "
        "{:>6} {:>7}  output\n",
        work.graph, work.batch, work.length, "layer", "params", "MACs", "FLOPs", "weights B",
        "in use B", "MACs %", "FLOP/B");
    for (const auto& [path, branch] : branches_of(profile, work.graph))
      text += row(indented(path), branch, static_cast<double>(profile.operations.macs));
  }
  return text;
}

}  // namespace nest::profile
