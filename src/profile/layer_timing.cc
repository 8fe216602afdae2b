#include "nest/profile/layer_timing.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "native_run.h"
#include "nest/core/error.h"

namespace nest::profile {
namespace {

/// "layers.3.linear1" -> "layers.*.linear1"
std::string without_numbers(const std::string& name) {
  std::string text;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    const bool is_number =
        !part.empty() && std::ranges::all_of(part, [](unsigned char c) { return std::isdigit(c); });
    text += (begin == 0 ? "" : ".") + (is_number ? "*" : part);
    begin = end + 1;
  }
  return text;
}

}  // namespace

Json to_json(const LayerTime& layer) {
  return {{"name", layer.name},
          {"detail", layer.detail},
          {"p50_us", layer.p50_us},
          {"executed_macs", layer.executed_macs},
          {"weight_bytes", layer.weight_bytes}};
}

LayerTimingProfiler::LayerTimingProfiler(std::shared_ptr<const runtime::PreparedModel> prepared,
                                         const Work& work, const runtime::MachineOptions& machine)
    : prepared_(std::move(prepared)), work_(work), machine_(machine) {}

std::vector<LayerTime> LayerTimingProfiler::run(int runs, const Job& job) const {
  require(runs >= 1, ErrorCode::kInvalidArgument, "{} runs to time", runs);
  NativeRun native(prepared_, work_, {machine_, true});
  native.once([](const runtime::Session&) {});
  const auto steps = native.session().step_times();
  std::vector<std::vector<double>> seconds(steps.size());
  for (int run = 0; run < runs; ++run) {
    job.check_stop("nothing was written");
    std::vector<double> sums(steps.size(), 0);
    native.once([&](const runtime::Session& session) {
      const auto times = session.step_times();
      for (std::size_t s = 0; s < times.size(); ++s) sums[s] += times[s].seconds;
    });
    for (std::size_t s = 0; s < sums.size(); ++s) seconds[s].push_back(sums[s]);
  }
  std::vector<LayerTime> layers;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    std::sort(seconds[s].begin(), seconds[s].end());
    const double passes = steps[s].is_constant ? 1 : work_.steps;
    layers.push_back({std::string(steps[s].name), std::string(steps[s].detail),
                      seconds[s][(seconds[s].size() - 1) / 2] * 1e6, steps[s].executed_macs * passes,
                      steps[s].weight_bytes * passes});
  }
  return layers;
}

std::vector<LayerTime> grouped(const std::vector<LayerTime>& layers) {
  std::vector<LayerTime> groups;
  std::map<std::string, std::size_t> index;
  for (const LayerTime& layer : layers) {
    const std::string name = without_numbers(layer.name);
    const auto [found, is_new] = index.emplace(name + " " + layer.detail, groups.size());
    if (is_new) {
      groups.push_back(layer);
      groups.back().name = name;
      continue;
    }
    LayerTime& group = groups[found->second];
    group.p50_us += layer.p50_us;
    group.executed_macs += layer.executed_macs;
    group.weight_bytes += layer.weight_bytes;
  }
  return groups;
}

}  // namespace nest::profile
