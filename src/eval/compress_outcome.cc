#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "eval/report_parts.h"
#include "eval/svg.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/eval/model_compressor.h"

namespace nest::eval {
namespace {

struct Reached {
  std::string_view what;
  double goal = 0, is = 0;
  bool is_reached = false;
};

/// Of the chosen model against the first step, on the utterances of the table.
std::vector<Reached> goals_of(const CompressOutcome& outcome, const compress::CompressGoal& goal) {
  const CompressionStep &first = outcome.steps.front(), &last = outcome.steps.back();
  const double smaller =
      static_cast<double>(first.state.file_bytes) / static_cast<double>(last.state.file_bytes);
  std::vector<Reached> goals{
      {"times smaller on disk", goal.target_size, smaller, smaller >= goal.target_size},
      {"times faster", goal.target_speed, last.faster, last.faster >= goal.target_speed}};
  const auto add = [&](std::string_view what, const std::optional<MetricChange>& change) {
    if (!change) return;
    const double points = 100 * change->result.delta.estimate;
    goals.push_back({what, goal.max_cer_increase, points, points <= goal.max_cer_increase});
  };
  add("points of character errors more", last.cer_change);
  add("points of character errors more, streamed", last.streamed_cer_change);
  return goals;
}

std::string candidate_rows(const CompressOutcome& outcome) {
  std::string html =
      "<table><tr><th>model</th><th>file kB</th><th>ms</th><th>CER %, search</th>"
      "<th class=\"text\">measured here</th></tr>\n";
  for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
    const compress::TriedModel& one = outcome.candidates[i];
    const bool is_best = std::ranges::find(outcome.pareto, i) != outcome.pareto.end();
    html += fmt::format(
        "<tr><td>{}{}</td><td>{:.1f}</td><td>{:.3f}</td><td>{:.2f}</td><td "
        "class=\"text\">{}</td></tr>\n",
        report::escape(one.name),
        i == outcome.chosen ? " (chosen)"
        : is_best           ? " *"
                            : "",
        static_cast<double>(one.bytes) / 1e3, one.ms, 100 * one.error, report::escape(one.note));
  }
  return html + "</table>\n";
}

/// Size against errors, a mark a model: times smaller on a logarithmic axis.
std::string plot(const CompressOutcome& outcome) {
  constexpr double kHeight = 240, kLeft = 40, kBottom = 30, kMark = 7;
  double most = 1, worst = 0.01;
  const auto smaller = [&](const compress::TriedModel& one) {
    return static_cast<double>(outcome.candidates.front().bytes) / static_cast<double>(one.bytes);
  };
  for (const compress::TriedModel& one : outcome.candidates) {
    most = std::max(most, smaller(one));
    if (std::isfinite(one.error)) worst = std::max(worst, 100 * one.error);
  }
  const double width = report::kPlotWidth - kLeft - 20;
  const auto x_of = [&](double times) {
    return kLeft + width * std::log(times) / std::log(2 * most);
  };
  const auto y_of = [&](double percent) {
    return (kHeight - kBottom) * (1 - percent / (1.1 * worst));
  };
  std::string body;
  for (double times = 1; times <= 2 * most; times *= 2) {
    body += report::line(x_of(times), 0, x_of(times), kHeight - kBottom, "axis");
    body +=
        report::text_at(x_of(times), kHeight - 14, fmt::format("{:g}x", times), "middle", "soft");
  }
  const double step = report::tick_step(worst);
  for (double tick = 0; tick <= worst; tick += step) {
    body += report::line(kLeft, y_of(tick), kLeft + width, y_of(tick), "axis");
    body += report::text_at(kLeft - 5, y_of(tick) + 4, fmt::format("{:g}", tick), "end", "soft");
  }
  for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
    const compress::TriedModel& one = outcome.candidates[i];
    if (!std::isfinite(one.error)) continue;
    const bool is_best = std::ranges::find(outcome.pareto, i) != outcome.pareto.end();
    body +=
        report::box(x_of(smaller(one)) - kMark / 2, y_of(100 * one.error) - kMark / 2, kMark, kMark,
                    i == outcome.chosen ? "mark"
                    : is_best           ? "bar"
                                        : "ghost",
                    fmt::format("{}: {:.1f} kB, {:.3f} ms, CER {:.2f} %", one.name,
                                static_cast<double>(one.bytes) / 1e3, one.ms, 100 * one.error));
  }
  return report::svg(report::kPlotWidth, kHeight, "character errors against size", body);
}

}  // namespace

Json to_json(const CompressOutcome& outcome, const CompressOptions& options) {
  const CompressionReport report{"", outcome.file.string(), outcome.steps.front().state,
                                 outcome.steps.back().state};
  Json json = to_json(report);
  json.erase("in");
  json["schema"] = "nest.compress/1";
  json["machine"] = outcome.machine;
  json["options"] = nest::to_json(options);
  json["candidates"] = Json::array();
  for (const compress::TriedModel& one : outcome.candidates)
    json["candidates"].push_back(compress::to_json(one));
  json["pareto"] = Json::array();
  for (const std::size_t i : outcome.pareto) json["pareto"].push_back(outcome.candidates[i].name);
  json["chosen"] = outcome.candidates[outcome.chosen].name;
  json["steps"] = steps_json(outcome.steps);
  json["goals"] = Json::array();
  for (const Reached& goal : goals_of(outcome, options.goal))
    json["goals"].push_back({{"what", goal.what},
                             {"goal", goal.goal},
                             {"reached", goal.is},
                             {"is_reached", goal.is_reached}});
  return json;
}

std::string outcome_text(const CompressOutcome& outcome, const CompressOptions& options) {
  std::string text = steps_text(outcome.steps);
  for (const Reached& goal : goals_of(outcome, options.goal))
    text += fmt::format("{}: {:.2f}, goal {:g}: {}\n", goal.what, goal.is, goal.goal,
                        goal.is_reached ? "reached" : "NOT reached");
  const compress::TriedModel& chosen = outcome.candidates[outcome.chosen];
  if (!chosen.note.empty()) text += chosen.note + "\n";
  return text + fmt::format("{} ({}), on {}; times in turns in one run\n", outcome.file.string(),
                            chosen.name, outcome.machine);
}

std::string outcome_html(const CompressOutcome& outcome, const CompressOptions& options) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>compressed model</title>\n<style>";
  html += report::style_sheet();
  html += "</style></head><body>\n<h1>" + report::escape(outcome.file.string()) + "</h1>\n";
  html += "<p class=\"soft\">" + report::escape(outcome.machine) +
          "; an utterance at a time on one thread, models in turns; 95 % intervals, changes "
          "paired</p>\n<h2>Step by step</h2>\n";
  html += steps_html(outcome.steps);
  for (const Reached& goal : goals_of(outcome, options.goal))
    html +=
        fmt::format("<p><span class=\"{}\">{}</span> {}: {:.2f}, goal {:g}</p>\n",
                    goal.is_reached ? "ok" : "fail", goal.is_reached ? "reached" : "not reached",
                    report::escape(goal.what), goal.is, goal.goal);
  html += "<h2>Every model that was tried</h2>\n<figure>" + plot(outcome) +
          "<figcaption>character errors in percent against times smaller on disk, on the "
          "utterances of the search; red: chosen, full: nothing else is as small, fast and right"
          "</figcaption></figure>\n<div class=\"scroll\">";
  return html + candidate_rows(outcome) + "</div>\n</body></html>\n";
}

}  // namespace nest::eval
