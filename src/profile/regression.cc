#include "nest/profile/regression.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/profile/statistics.h"

namespace nest::profile {
namespace {

constexpr double kLevel = 0.01;

using Rounds = std::map<std::string, std::vector<double>>;

const Json& timing_of(const Json& report) {
  require(report.contains("timing"), ErrorCode::kInvalidArgument,
          "a report has no times; write it without `no_timing`");
  return report.at("timing");
}

/// Medians of the rounds by "graph layer", equal names of one report added up.
Rounds rounds_of(const Json& report) {
  Rounds rounds;
  for (const Json& graph : timing_of(report)) {
    const auto prefix = graph.at("graph").get<std::string>() + " ";
    const auto add = [&](const Json& layer) {
      const auto own = layer.at("round_us").get<std::vector<double>>();
      std::vector<double>& sum = rounds[prefix + layer.at("name").get<std::string>()];
      if (sum.empty()) sum.resize(own.size(), 0);
      for (std::size_t i = 0; i < std::min(own.size(), sum.size()); ++i) sum[i] += own[i];
    };
    for (const Json& layer : graph.at("layers")) add(layer);
    add(graph.at("all"));
  }
  return rounds;
}

/// Speed of the machine beside each round; of all graphs together.
double machine_us(const Json& report) {
  std::vector<double> all;
  for (const Json& graph : timing_of(report)) {
    for (const Json& us : graph.at("machine_round_us")) all.push_back(us.get<double>());
  }
  return median(all);
}

void check_same(const Json& before, const Json& now) {
  for (const char* key : {"model", "works", "executor", "options"}) {
    const Json a = before.value(key, Json()), b = now.value(key, Json());
    require(a == b, ErrorCode::kInvalidArgument,
            "the reports differ in '{}': {} before, {} now; only the same work can be compared",
            key, a.dump(), b.dump());
  }
  const Json a = before.at("machine").value("cpu", Json()),
             b = now.at("machine").value("cpu", Json());
  require(a == b, ErrorCode::kInvalidArgument,
          "the reports are of two processors, {} and {}; times compare on one", a.dump(), b.dump());
}

std::vector<double> times(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

}  // namespace

bool RegressionReport::has_regression() const {
  return std::ranges::any_of(layers, &LayerChange::is_regression);
}

Json to_json(const RegressionReport& report) {
  Json json{{"max_regression", report.max_regression},
            {"machine_ratio", report.machine_ratio},
            {"has_regression", report.has_regression()},
            {"missing", report.missing}};
  json["layers"] = Json::array();
  for (const LayerChange& layer : report.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"before_us", layer.before_us},
                              {"now_us", layer.now_us},
                              {"ratio", layer.ratio},
                              {"p", layer.p},
                              {"is_regression", layer.is_regression}});
  }
  return json;
}

std::string regression_text(const RegressionReport& report) {
  std::string text;
  for (const LayerChange& layer : report.layers) {
    if (!layer.is_regression) continue;
    text +=
        fmt::format("slower: {}: {:.1f} us, {:.1f} us before ({:+.1f} %, p = {:.2g})\n", layer.name,
                    layer.now_us, layer.before_us, 100 * (layer.ratio - 1), layer.p);
  }
  if (!report.has_regression()) {
    text += fmt::format("no layer is slower by more than {:g} % (1 % level, {} layers)\n",
                        100 * report.max_regression, report.layers.size());
  }
  text += fmt::format("the machine itself: {:+.1f} %\n", 100 * (report.machine_ratio - 1));
  if (!report.missing.empty())
    text += fmt::format("in one of the reports only: {}\n", fmt::join(report.missing, ", "));
  return text;
}

namespace {

RegressionReport compare(const Json& before, const Json& now, double max_regression) {
  check_same(before, now);
  RegressionReport report;
  report.max_regression = max_regression;
  report.machine_ratio = machine_us(now) / machine_us(before);
  const Rounds old_rounds = rounds_of(before), new_rounds = rounds_of(now);
  std::vector<double> p;
  for (const auto& [name, rounds] : new_rounds) {
    const auto found = old_rounds.find(name);
    if (found == old_rounds.end()) {
      report.missing.push_back(name);
      continue;
    }
    const std::vector<double> allowed = times(found->second, 1 + max_regression);
    p.push_back(std::max(slower_p(allowed, rounds),
                         slower_p(allowed, times(rounds, 1 / report.machine_ratio))));
    LayerChange change{name, median(found->second), median(rounds)};
    change.ratio = change.before_us > 0 ? change.now_us / change.before_us : 1;
    report.layers.push_back(change);
  }
  for (const auto& [name, rounds] : old_rounds) {
    if (!new_rounds.contains(name)) report.missing.push_back(name);
  }
  p = holm(std::move(p));
  for (std::size_t i = 0; i < p.size(); ++i) {
    report.layers[i].p = p[i];
    report.layers[i].is_regression = p[i] < kLevel;
  }
  std::ranges::stable_sort(report.layers, {}, &LayerChange::p);
  return report;
}

}  // namespace

RegressionReport find_regressions(const Json& before, const Json& now, double max_regression) {
  try {
    return compare(before, now, max_regression);
  } catch (const Json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "this is no report of nest profile: {}", error.what());
  }
}

double parse_percent(std::string_view text) {
  std::string_view number = text;
  if (number.ends_with('%')) number.remove_suffix(1);
  double percent = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), percent);
  require(error == std::errc() && end == number.data() + number.size() && percent >= 0,
          ErrorCode::kInvalidArgument, "'{}' is no percentage; write 5% or 5", text);
  return percent / 100;
}

}  // namespace nest::profile
