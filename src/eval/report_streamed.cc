#include <fmt/format.h>

#include "eval/report_parts.h"
#include "eval/svg.h"

namespace nest::eval::report {
namespace {

using text::Metric;

/// A row a figure: its name, of utterances that were cut out, of the same in their stream.
struct Figure {
  std::string name, cut, streamed;
};

std::vector<Figure> rows_of(const Summary& cut, const Summary& streamed) {
  const auto rate = [](const Summary& summary, Metric metric) {
    return metric_value(summary, metric) + " " + interval(summary.intervals.utterance, metric);
  };
  std::vector<Figure> rows;
  rows.push_back({"WER", rate(cut, Metric::kWer), rate(streamed, Metric::kWer)});
  rows.push_back({"CER", rate(cut, Metric::kCer), rate(streamed, Metric::kCer)});
  const StreamedFigures& figures = *streamed.streamed;
  rows.push_back({"characters a minute nobody said", "",
                  fmt::format("{:.1f} in {:.1f} minutes of background",
                              figures.characters_per_minute(), figures.background_s / 60)});
  if (const auto delay = distribution_of(figures.delays_s)) {
    rows.push_back({"final text after the end, s", "",
                    fmt::format("p50 {:.2f}, p95 {:.2f}, at most {:.2f}", delay->p50, delay->p95,
                                delay->max)});
  }
  rows.push_back({"tentative text taken back", "", fmt::format("{} times", figures.revisions)});
  return rows;
}

}  // namespace

std::string streamed_html(const Summary& cut, const Summary* streamed) {
  if (streamed == nullptr || !streamed->streamed) return "";
  std::string html =
      "<h2>Live</h2><p class=\"soft\">The same pipeline that streams, over whole recordings; text "
      "is scored by its time, and what nobody said is an insertion.</p><div "
      "class=\"scroll\"><table><tr><th>figure</th><th>cut out</th><th>streamed</th></tr>";
  for (const Figure& row : rows_of(cut, *streamed)) {
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", escape(row.name),
                        escape(row.cut), escape(row.streamed));
  }
  return html + "</table></div>\n";
}

std::string streamed_markdown(const Summary& cut, const Summary* streamed) {
  if (streamed == nullptr || !streamed->streamed) return "";
  std::string text = "\n## Live\n\n| figure | cut out | streamed |\n|---|---:|---:|\n";
  for (const Figure& row : rows_of(cut, *streamed))
    text += fmt::format("| {} | {} | {} |\n", row.name, row.cut, row.streamed);
  return text;
}

}  // namespace nest::eval::report
