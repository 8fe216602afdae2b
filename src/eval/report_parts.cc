#include "eval/report_parts.h"

#include <cmath>

#include <fmt/format.h>

#include "eval/svg.h"
#include "nest/text/edit_distance.h"
#include "nest/text/unicode.h"

namespace nest::eval::report {

std::string number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "n/a";
}

std::string percent(double value, int digits) {
  return std::isfinite(value) ? number(100 * value, digits) + " %" : "n/a";
}

std::string interval(const text::ScoreIntervals& intervals, text::Metric metric) {
  const text::Interval& interval = intervals[metric];
  if (!std::isfinite(interval.low)) return "[n/a]";
  const double factor = display_factor(metric);
  return fmt::format("[{}, {}]", number(interval.low * factor), number(interval.high * factor));
}

std::string metric_value(const Summary& summary, text::Metric metric, int digits) {
  const double value = summary.metrics.value(metric, summary.scoring);
  return metric == text::Metric::kBleu ? number(value, digits) : percent(value, digits);
}

std::string model_text(const Json& model, const char* key) {
  const auto at = model.find(key);
  if (at == model.end()) return "";
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::string alignment_html(const std::string& reference, const std::string& hypothesis) {
  const bool single = text::split_words(reference).size() <= 1;
  const auto cells = [&](const std::string& text) {
    return single ? text::split_characters(text::nfc(text)) : text::split_words(text::nfc(text));
  };
  const auto ref = cells(reference);
  const auto hyp = cells(hypothesis);
  text::SymbolTable symbols;
  std::string html = "<div class=\"align\">";
  std::size_t i = 0;
  std::size_t j = 0;
  for (const text::EditOp op : text::align(symbols.intern_all(ref), symbols.intern_all(hyp))) {
    const char* mark = op == text::EditOp::kHit          ? ""
                       : op == text::EditOp::kSubstitute ? "S"
                       : op == text::EditOp::kDelete     ? "D"
                                                         : "I";
    const std::string top = op == text::EditOp::kInsert ? "·" : ref[i++];
    const std::string bottom = op == text::EditOp::kDelete ? "·" : hyp[j++];
    const auto shown = [](const std::string& cell) { return cell == " " ? "␣" : cell; };
    html += fmt::format("<div class=\"{}\"><span>{}</span><span>{}</span><i>{}</i></div>", mark,
                        escape(shown(top)), escape(shown(bottom)), mark);
  }
  return html + "</div>";
}

}  // namespace nest::eval::report
