#include <algorithm>

#include <fmt/format.h>

#include "eval/report_parts.h"
#include "eval/svg.h"
#include "nest/eval/report.h"

namespace nest::eval {
namespace {

using report::escape;
using text::Metric;

std::string card(const std::string& label, const std::string& value, const std::string& note) {
  return fmt::format("<div class=\"card\"><span>{}</span><b>{}</b><span>{}</span></div>",
                     escape(label), escape(value), escape(note));
}

std::string figure(const std::string& title, const std::string& body, const std::string& caption) {
  if (body.empty()) return "";
  return fmt::format("<figure><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n", escape(title),
                     body, escape(caption));
}

std::string header(const Results& results, const UtteranceCounts& counts) {
  const SetInfo& dataset = results.dataset;
  std::string html =
      fmt::format("<h1>{} on {}, {}</h1>\n", escape(report::model_text(results.model, "model")),
                  escape(dataset.name), escape(dataset.split));
  std::string line = report::model_text(results.model, "executor");
  const std::string decoder = report::model_text(results.model, "decoder");
  if (!decoder.empty()) line += " · " + decoder;
  line += fmt::format(" · {} cores, {}", results.environment.cores, results.environment.isa);
  html += "<p class=\"soft\">" + escape(line) + "</p>\n";
  html +=
      fmt::format("<p>{} of {} utterances decoded", counts.decoded, counts.decoded + counts.failed);
  if (counts.failed > 0) {
    html +=
        fmt::format(", <span class=\"fail\">{} could not be</span> (listed below)", counts.failed);
  }
  return html + ". Decoding is free-running: no decoder saw a reference.</p>\n";
}

std::string cards(const Summary& summary) {
  const auto metric_card = [&](const char* label, Metric metric) {
    return card(label, report::metric_value(summary, metric),
                "95 % " + report::interval(summary.intervals.utterance, metric));
  };
  const Latency& latency = summary.latency;
  std::string html = "<div class=\"cards\">";
  html += metric_card("word error rate", Metric::kWer);
  html += metric_card("character error rate", Metric::kCer);
  html += metric_card("BLEU (0–100)", Metric::kBleu);
  html += metric_card("exact match", Metric::kExactMatch);
  if (latency.total_ms) {
    html += card("latency p95", report::number(latency.total_ms->p95, 2) + " ms",
                 "p50 " + report::number(latency.total_ms->p50, 2) + " ms");
    html += card("real-time factor",
                 latency.real_time_factor ? report::number(*latency.real_time_factor, 4) : "n/a",
                 "compute over signal time");
  }
  return html + "</div>\n";
}

std::string count_cells(const text::EditCounts* counts) {
  if (counts == nullptr) return "<td></td><td></td><td></td><td></td>";
  return fmt::format("<td>{}</td><td>{}</td><td>{}</td><td>{}</td>", counts->substitutions,
                     counts->deletions, counts->insertions, counts->hits);
}

std::string metric_row(const Summary& summary, Metric metric, const char* label,
                       const text::EditCounts* counts) {
  const UnitIntervals& by = summary.intervals;
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}</tr>", label,
                     report::metric_value(summary, metric, 2),
                     report::interval(by.utterance, metric), report::interval(by.sentence, metric),
                     report::interval(by.subject, metric), count_cells(counts));
}

std::string metric_table(const Summary& summary) {
  const text::CorpusScore& metrics = summary.metrics;
  std::string html =
      "<h2>Metrics</h2><div class=\"scroll\"><table><tr><th>metric</th><th>value</th>"
      "<th>by utterance</th><th>by sentence</th><th>by subject</th><th>S</th><th>D</th><th>I</th>"
      "<th>hits</th></tr>";
  html += metric_row(summary, Metric::kWer, "WER", &metrics.words);
  html += metric_row(summary, Metric::kCer, "CER", &metrics.characters);
  html += metric_row(summary, Metric::kBleu, "BLEU", nullptr);
  html += metric_row(summary, Metric::kExactMatch, "exact match", nullptr);
  html += "</table></div>\n";
  const double sacrebleu =
      text::bleu_score(metrics.sacrebleu, text::BleuOptions::sacrebleu()).score;
  return html +
         fmt::format(
             "<p class=\"soft\">Means of utterances (other quantities than the corpus rates): WER "
             "{}, CER {}, BLEU {}. Best of the {}-best lists (oracle): WER {}, CER {}. sacreBLEU "
             "(13a, exp): {}.</p>\n",
             report::percent(metrics.utterance_mean_wer),
             report::percent(metrics.utterance_mean_cer),
             report::number(metrics.utterance_mean_bleu), summary.oracle.nbest,
             report::percent(summary.oracle.wer), report::percent(summary.oracle.cer),
             report::number(sacrebleu, 2));
}

std::string audit_section(const std::optional<AuditVerdict>& audit) {
  if (!audit) return "";
  std::string html = fmt::format(
      "<h2>Audit: <span class=\"{}\">{}</span></h2><p>{}.</p><div class=\"scroll\"><table "
      "class=\"checks\">"
      "<tr><th>check</th><th class=\"text\">verdict</th><th class=\"text\">finding</th></tr>",
      audit->passed ? "ok" : "fail", audit->passed ? "passed" : "failed",
      eeg_use_text(audit->eeg_is_used));
  for (const CheckVerdict& check : audit->checks) {
    std::string name = check.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    html += fmt::format(
        "<tr><td>{} {}</td><td class=\"text {}\" style=\"min-width:0\">{}</td>"
        "<td class=\"text\">{}</td></tr>",
        check.number, escape(name), check.passed ? "ok" : "fail", check.passed ? "ok" : "FAIL",
        escape(check.summary));
  }
  return html + "</table></div>\n";
}

std::string group_table(const std::vector<GroupScore>& groups, const char* title,
                        const char* label) {
  if (groups.size() < 2) return "";
  std::string html = fmt::format(
      "<h2>{}</h2><div class=\"scroll\"><table><tr><th>{}</th><th>utterances</th><th>WER</th>"
      "<th>95 %</th><th>CER</th><th>95 %</th><th>BLEU</th><th>exact</th></tr>",
      title, label);
  for (const GroupScore& group : groups) {
    const auto& intervals = group.intervals;
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>",
        group.name.empty() ? "(none)" : escape(group.name), group.score.utterances,
        report::percent(group.score.wer()), report::interval(intervals, Metric::kWer),
        report::percent(group.score.cer()), report::interval(intervals, Metric::kCer),
        report::number(intervals[Metric::kBleu].estimate),
        report::percent(group.score.exact_rate()));
  }
  return html + "</table></div>\n";
}

std::string plots(const ReportContent& content) {
  const Summary& summary = content.summary;
  std::string html = "<h2>Plots</h2><div class=\"plots\">";
  html += figure("Character error rate by subject", report::subject_plot(summary.subjects),
                 "Percent; the line is the 95 % bootstrap interval over the subject's utterances.");
  html += figure("EEG against controls and text floors", report::control_plot(content.audit),
                 "Character error rate in percent. The line is the 95 % interval of the difference "
                 "to EEG, drawn around the control's value: EEG is used if EEG lies left of "
                 "every line.");
  html += figure("Latency", report::latency_plot(content.results, summary.latency),
                 "Encoding and decoding of one utterance, milliseconds.");
  if (summary.calibration) {
    html += figure("Calibration of confidences", report::calibration_plot(summary.calibration),
                   fmt::format("Bars: share of correct tokens; dots: mean confidence, larger for "
                               "more tokens. Expected calibration error {:.3f}.",
                               summary.calibration->expected_calibration_error));
  }
  html += figure("Confusion of characters", report::confusion_plot(summary.confusions),
                 "Rows: reference. Blue: read correctly; red: read as another character. Stronger "
                 "colour: larger share of the row.");
  return html + "</div>\n";
}

std::string examples(const ReportContent& content) {
  std::vector<std::string> ids = report_example_ids(content.results);
  for (const WorstUtterance& worst : content.summary.worst) {
    const bool is_known = std::find(ids.begin(), ids.end(), worst.id) != ids.end();
    if (!is_known && ids.size() < 8) ids.push_back(worst.id);
  }
  std::string html =
      "<h2>Examples</h2><p class=\"soft\">Upper row: reference; lower row: decoded. S substituted, "
      "D left out, I added. The best, the median, the worst and further bad ones.</p>";
  for (const std::string& id : ids) {
    for (const UtteranceResult& u : content.results.utterances) {
      if (u.id != id) continue;
      html += fmt::format("<div class=\"example\"><h3>{} <span class=\"soft\">{}</span></h3>",
                          escape(id), escape(u.subject));
      html += report::alignment_html(u.reference, u.hypothesis);
      for (const ReportSignal& signal : content.signals) {
        if (signal.id == id) html += report::eeg_plot(signal, u);
      }
      html += "</div>\n";
    }
  }
  return html;
}

std::string footer(const ReportContent& content) {
  std::string html;
  const std::vector<Failure>& failures = content.results.failures;
  if (!failures.empty()) {
    html +=
        "<h2>Not decoded</h2><div class=\"scroll\"><table><tr><th>utterance</th>"
        "<th class=\"text\">kind</th><th class=\"text\">reason</th></tr>";
    for (const Failure& failure : failures) {
      html +=
          fmt::format("<tr><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td></tr>",
                      escape(failure.id), name_of(failure.kind), escape(failure.message));
    }
    html += "</table></div>\n";
  }
  html +=
      "<h2>Signatures</h2><p class=\"soft\">Figures are comparable if these lines are "
      "equal.</p>";
  for (const auto& [name, line] : text::signatures(content.summary.scoring, 1)) {
    html += "<p><code>" + escape(line) + "</code></p>";
  }
  return html;
}

}  // namespace

std::vector<std::string> report_example_ids(const Results& results) {
  std::vector<std::pair<double, std::string>> order;
  for (const UtteranceResult& u : results.utterances) {
    const auto errors = static_cast<double>(u.score.characters.errors());
    const auto length = static_cast<double>(u.score.characters.reference_length());
    order.emplace_back(length > 0 ? errors / length : errors, u.id);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> ids;
  if (order.empty()) return ids;
  for (const std::size_t at : {std::size_t{0}, order.size() / 2, order.size() - 1}) {
    const std::string& id = order[at].second;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

std::vector<ReportSignal> report_signals(const Results& results, const EvalSet& set) {
  const auto wanted = report_example_ids(results);
  std::vector<ReportSignal> signals;
  for (std::size_t i = 0; i < set.utterances.size(); ++i) {
    const std::string& id = set.utterances[i].id;
    if (std::find(wanted.begin(), wanted.end(), id) == wanted.end()) continue;
    signals.push_back({id, set.load(i), set.rate_hz, set.channels});
  }
  return signals;
}

std::string report_html(const ReportContent& content) {
  const Summary& summary = content.summary;
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>NEST report</title>\n<style>";
  html += report::style_sheet();
  html += "</style></head>\n<body>\n";
  html += header(content.results, summary.counts) + cards(summary);
  html += report::streamed_html(summary, content.streamed);
  html += audit_section(content.audit) + metric_table(summary) + plots(content);
  html += group_table(summary.subjects, "Subjects", "subject");
  html += group_table(summary.sessions, "Sessions", "session");
  html += examples(content) + footer(content);
  return html + "</body></html>\n";
}

}  // namespace nest::eval
