#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "eval/report_parts.h"
#include "nest/core/error.h"
#include "nest/eval/audit.h"
#include "nest/eval/results.h"
#include "nest/text/edit_distance.h"
#include "nest/text/unicode.h"

namespace nest::eval {
namespace report {

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string number(const Json& value, int digits, double factor) {
  return value.is_number() ? fmt::format("{:.{}f}", value.get<double>() * factor, digits) : "n/a";
}
std::string percent(const Json& value, int digits) {
  return value.is_number() ? number(value, digits, 100) + " %" : "n/a";
}
std::string interval(const Json& entry, double factor) {
  if (!entry.at("low").is_number()) return "[n/a]";
  return fmt::format("[{}, {}]", number(entry.at("low"), 1, factor),
                     number(entry.at("high"), 1, factor));
}

void require_schemas(const Json& results, const Json& audit) {
  const std::string schema = results.is_object() ? results.value("schema", "") : "";
  require(schema == kResultsSchema, ErrorCode::kDataCorrupt,
          "not a results file of nest benchmark: schema is '{}', expected '{}'", schema,
          kResultsSchema);
  const std::string other = audit.is_object() ? audit.value("schema", "") : "";
  require(audit.is_null() || other == kAuditSchema, ErrorCode::kDataCorrupt,
          "not an audit verdict: schema is '{}', expected '{}'", other, kAuditSchema);
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

}  // namespace report

namespace {

using report::escape;

std::string card(const std::string& label, const std::string& value, const std::string& note) {
  return fmt::format("<div class=\"card\"><span>{}</span><b>{}</b><span>{}</span></div>",
                     escape(label), escape(value), escape(note));
}

std::string figure(const std::string& title, const std::string& body, const std::string& caption) {
  if (body.empty()) return "";
  return fmt::format("<figure><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n", escape(title),
                     body, escape(caption));
}

std::string text_of(const Json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end()) return "";
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::string header(const Json& results) {
  const Json& model = results.at("model");
  const Json& dataset = results.at("dataset");
  const Json& counts = results.at("summary").at("counts");
  std::string html =
      fmt::format("<h1>{} on {}, {}</h1>\n", escape(text_of(model, "model")),
                  escape(text_of(dataset, "name")), escape(text_of(dataset, "split")));
  std::string line = text_of(model, "executor");
  if (model.contains("decoder")) line += " · " + text_of(model, "decoder");
  const Json& environment = results.at("environment");
  line +=
      fmt::format(" · {} cores, {}", text_of(environment, "cores"), text_of(environment, "isa"));
  html += "<p class=\"soft\">" + escape(line) + "</p>\n";
  html += fmt::format("<p>{} of {} utterances decoded", counts.at("decoded").dump(),
                      counts.at("selected").dump());
  if (counts.at("failed").get<std::size_t>() > 0) {
    html += fmt::format(", <span class=\"fail\">{} could not be</span> (listed below)",
                        counts.at("failed").dump());
  }
  return html + ". Decoding is free-running: no decoder saw a reference.</p>\n";
}

std::string cards(const Json& summary) {
  const Json& metrics = summary.at("metrics");
  const Json& ci = summary.at("intervals").at("utterance");
  const Json& latency = summary.at("latency");
  std::string html = "<div class=\"cards\">";
  html += card("word error rate", report::percent(metrics.at("wer").at("value")),
               "95 % " + report::interval(ci.at("wer"), 100));
  html += card("character error rate", report::percent(metrics.at("cer").at("value")),
               "95 % " + report::interval(ci.at("cer"), 100));
  html += card("BLEU (0–100)", report::number(metrics.at("bleu").at("score")),
               "95 % " + report::interval(ci.at("bleu"), 1));
  html += card("exact match", report::percent(metrics.at("exact_match").at("value")),
               "95 % " + report::interval(ci.at("exact_match"), 100));
  if (!latency.at("total_ms").is_null()) {
    html += card("latency p95", report::number(latency.at("total_ms").at("p95"), 2) + " ms",
                 "p50 " + report::number(latency.at("total_ms").at("p50"), 2) + " ms");
    html += card("real-time factor", report::number(latency.at("real_time_factor"), 4),
                 "compute over signal time");
  }
  return html + "</div>\n";
}

std::string metric_table(const Json& summary) {
  std::string html =
      "<h2>Metrics</h2><div class=\"scroll\"><table><tr><th>metric</th><th>value</th>"
      "<th>by utterance</th><th>by sentence</th><th>by subject</th><th>S</th><th>D</th><th>I</th>"
      "<th>hits</th></tr>";
  const Json& metrics = summary.at("metrics");
  const Json& intervals = summary.at("intervals");
  for (const auto& [key, label] :
       {std::pair{"wer", "WER"}, std::pair{"cer", "CER"}, std::pair{"bleu", "BLEU"},
        std::pair{"exact_match", "exact match"}}) {
    const Json& metric = metrics.at(key);
    const bool is_bleu = std::string_view(key) == "bleu";
    const double factor = is_bleu ? 1 : 100;
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td>", label,
        is_bleu ? report::number(metric.at("score"), 2) : report::percent(metric.at("value"), 2));
    for (const char* unit : {"utterance", "sentence", "subject"}) {
      html += "<td>" + report::interval(intervals.at(unit).at(key), factor) + "</td>";
    }
    for (const char* count : {"substitutions", "deletions", "insertions", "hits"}) {
      html += "<td>" + (metric.contains(count) ? metric.at(count).dump() : "") + "</td>";
    }
    html += "</tr>";
  }
  html += "</table></div>\n";
  const Json& mean = metrics.at("utterance_mean");
  const Json& oracle = summary.at("oracle");
  html += fmt::format(
      "<p class=\"soft\">Means of utterances (other quantities than the corpus rates): WER {}, CER "
      "{}, BLEU {}. Best of the {}-best lists (oracle): WER {}, CER {}. sacreBLEU (13a, exp): "
      "{}.</p>\n",
      report::percent(mean.at("wer")), report::percent(mean.at("cer")),
      report::number(mean.at("bleu")), oracle.at("nbest").dump(), report::percent(oracle.at("wer")),
      report::percent(oracle.at("cer")), report::number(metrics.at("sacrebleu").at("score"), 2));
  return html;
}

std::string audit_section(const Json& audit) {
  if (!audit.is_object()) return "";
  const bool passed = audit.at("verdict") == "pass";
  std::string html = fmt::format(
      "<h2>Audit: <span class=\"{}\">{}</span></h2><p>{}.</p><div class=\"scroll\"><table "
      "class=\"checks\">"
      "<tr><th>check</th><th class=\"text\">verdict</th><th class=\"text\">finding</th></tr>",
      passed ? "ok" : "fail", passed ? "passed" : "failed", escape(text_of(audit, "eeg_use")));
  for (const Json& check : audit.at("checks")) {
    const bool ok = check.at("passed").get<bool>();
    std::string name = check.at("name").get<std::string>();
    std::replace(name.begin(), name.end(), '_', ' ');
    html += fmt::format(
        "<tr><td>{} {}</td><td class=\"text {}\" style=\"min-width:0\">{}</td>"
        "<td class=\"text\">{}</td></tr>",
        check.at("number").dump(), escape(name), ok ? "ok" : "fail", ok ? "ok" : "FAIL",
        escape(text_of(check, "summary")));
  }
  return html + "</table></div>\n";
}

std::string group_table(const Json& rows, const char* title, const char* label) {
  if (rows.size() < 2) return "";
  std::string html = fmt::format(
      "<h2>{}</h2><div class=\"scroll\"><table><tr><th>{}</th><th>utterances</th><th>WER</th>"
      "<th>95 %</th><th>CER</th><th>95 %</th><th>BLEU</th><th>exact</th></tr>",
      title, label);
  const auto range = [](const Json& row, const char* low, const char* high) {
    return fmt::format("[{}, {}]", report::number(row.at(low), 1, 100),
                       report::number(row.at(high), 1, 100));
  };
  for (const Json& row : rows) {
    const auto name = row.at("name").get<std::string>();
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>",
        name.empty() ? "(none)" : escape(name), row.at("utterances").dump(),
        report::percent(row.at("wer")), range(row, "wer_low", "wer_high"),
        report::percent(row.at("cer")), range(row, "cer_low", "cer_high"),
        report::number(row.at("bleu")), report::percent(row.at("exact_match")));
  }
  return html + "</table></div>\n";
}

std::string plots(const Json& results, const Json& audit) {
  const Json& summary = results.at("summary");
  std::string html = "<h2>Plots</h2><div class=\"plots\">";
  html += figure("Character error rate by subject", report::subject_plot(summary.at("subjects")),
                 "Percent; the line is the 95 % bootstrap interval over the subject's utterances.");
  html += figure("EEG against controls and text floors", report::control_plot(audit),
                 "Character error rate in percent. The line is the 95 % interval of the difference "
                 "to EEG, drawn around the control's value: EEG is used if EEG lies left of "
                 "every line.");
  html += figure("Latency", report::latency_plot(results.at("utterances"), summary.at("latency")),
                 "Encoding and decoding of one utterance, milliseconds.");
  if (summary.at("calibration").is_object()) {
    html += figure(
        "Calibration of confidences", report::calibration_plot(summary.at("calibration")),
        fmt::format("Bars: share of correct tokens; dots: mean confidence, larger for "
                    "more tokens. Expected calibration error {}.",
                    report::number(summary.at("calibration").at("expected_calibration_error"), 3)));
  }
  html += figure("Confusion of characters", report::confusion_plot(summary.at("confusions")),
                 "Rows: reference. Blue: read correctly; red: read as another character. Stronger "
                 "colour: larger share of the row.");
  return html + "</div>\n";
}

std::string examples(const Json& results, std::span<const ReportSignal> signals) {
  std::vector<std::string> ids = report_example_ids(results);
  for (const Json& entry : results.at("summary").at("worst")) {
    const auto id = entry.at("id").get<std::string>();
    if (std::find(ids.begin(), ids.end(), id) == ids.end() && ids.size() < 8) ids.push_back(id);
  }
  std::string html =
      "<h2>Examples</h2><p class=\"soft\">Upper row: reference; lower row: decoded. S substituted, "
      "D left out, I added. The best, the median, the worst and further bad ones.</p>";
  for (const std::string& id : ids) {
    for (const Json& u : results.at("utterances")) {
      if (u.at("id") != id) continue;
      html += fmt::format("<div class=\"example\"><h3>{} <span class=\"soft\">{}</span></h3>",
                          escape(id), escape(u.at("subject").get<std::string>()));
      html += report::alignment_html(u.at("reference").get<std::string>(),
                                     u.at("hypothesis").get<std::string>());
      for (const ReportSignal& signal : signals) {
        if (signal.id == id) html += report::eeg_plot(signal, u);
      }
      html += "</div>\n";
    }
  }
  return html;
}

std::string footer(const Json& results) {
  std::string html;
  const Json& failures = results.at("failures");
  if (!failures.empty()) {
    html +=
        "<h2>Not decoded</h2><div class=\"scroll\"><table><tr><th>utterance</th>"
        "<th class=\"text\">kind</th><th class=\"text\">reason</th></tr>";
    for (const Json& failure : failures) {
      html +=
          fmt::format("<tr><td>{}</td><td class=\"text\">{}</td><td class=\"text\">{}</td></tr>",
                      escape(text_of(failure, "id")), escape(text_of(failure, "kind")),
                      escape(text_of(failure, "message")));
    }
    html += "</table></div>\n";
  }
  html +=
      "<h2>Signatures</h2><p class=\"soft\">Figures are comparable if these lines are "
      "equal.</p>";
  for (const auto& [name, line] : results.at("summary").at("signatures").items()) {
    html += "<p><code>" + escape(line.get<std::string>()) + "</code></p>";
  }
  return html;
}

}  // namespace

std::vector<std::string> report_example_ids(const Json& results) {
  std::vector<std::pair<double, std::string>> order;
  for (const Json& u : results.at("utterances")) {
    const Json& c = u.at("characters");
    const double errors = c.at(0).get<double>() + c.at(1).get<double>() + c.at(2).get<double>();
    const double length = c.at(0).get<double>() + c.at(1).get<double>() + c.at(3).get<double>();
    order.emplace_back(length > 0 ? errors / length : errors, u.at("id").get<std::string>());
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

std::string report_html(const Json& results, const Json& audit,
                        std::span<const ReportSignal> signals) {
  report::require_schemas(results, audit);
  try {
    const Json& summary = results.at("summary");
    std::string html =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n<title>NEST report</title>\n<style>";
    html += report::style_sheet();
    html += "</style></head>\n<body>\n";
    html += header(results) + cards(summary) + audit_section(audit) + metric_table(summary);
    html += plots(results, audit) + group_table(summary.at("subjects"), "Subjects", "subject");
    html += group_table(summary.at("sessions"), "Sessions", "session");
    html += examples(results, signals) + footer(results);
    return html + "</body></html>\n";
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "broken results or audit file: {}", error.what());
  }
}

}  // namespace nest::eval
