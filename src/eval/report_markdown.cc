#include <fmt/format.h>

#include "eval/report_parts.h"
#include "nest/core/error.h"
#include "nest/eval/report.h"

namespace nest::eval {
namespace {

using report::interval;
using report::number;
using report::percent;

/// Cells of a Markdown table may not hold bars or line breaks.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

std::string metrics(const Json& summary) {
  std::string text =
      "| metric | value | 95 % by utterance | 95 % by subject |\n|---|---:|---:|---:|\n";
  const Json& ci = summary.at("intervals");
  for (const char* key : {"wer", "cer", "exact_match", "bleu"}) {
    const bool is_bleu = std::string_view(key) == "bleu";
    const Json& metric = summary.at("metrics").at(key);
    text += fmt::format("| {} | {} | {} | {} |\n", key,
                        is_bleu ? number(metric.at("score"), 2) : percent(metric.at("value"), 2),
                        interval(ci.at("utterance").at(key), is_bleu ? 1 : 100),
                        interval(ci.at("subject").at(key), is_bleu ? 1 : 100));
  }
  return text;
}

std::string latency(const Json& latency) {
  if (latency.at("total_ms").is_null()) return "";
  std::string text = "\n| latency (ms) | mean | p50 | p95 | p99 |\n|---|---:|---:|---:|---:|\n";
  for (const char* key : {"encode_ms", "decode_ms", "total_ms"}) {
    const Json& row = latency.at(key);
    text +=
        fmt::format("| {} | {} | {} | {} | {} |\n", key, number(row.at("mean"), 3),
                    number(row.at("p50"), 3), number(row.at("p95"), 3), number(row.at("p99"), 3));
  }
  return text + fmt::format("\nReal-time factor {}, {} utterances/s.\n",
                            number(latency.at("real_time_factor"), 4),
                            number(latency.at("utterances_per_s"), 1));
}

std::string subjects(const Json& rows) {
  std::string text =
      "\n| subject | utterances | WER | CER | 95 % | exact |\n|---|---:|---:|---:|---:|"
      "---:|\n";
  for (const Json& row : rows) {
    text += fmt::format("| {} | {} | {} | {} | [{}, {}] | {} |\n",
                        cell(row.at("name").get<std::string>()), row.at("utterances").dump(),
                        percent(row.at("wer")), percent(row.at("cer")),
                        number(row.at("cer_low"), 1, 100), number(row.at("cer_high"), 1, 100),
                        percent(row.at("exact_match")));
  }
  return text;
}

std::string audit_table(const Json& audit) {
  if (!audit.is_object()) return "";
  std::string text = fmt::format(
      "\n## Audit: {}\n\n{}.\n\n| check | verdict | finding |\n|---|---|---|"
      "\n",
      audit.at("verdict").get<std::string>(), audit.at("eeg_use").get<std::string>());
  for (const Json& check : audit.at("checks")) {
    text += fmt::format("| {} {} | {} | {} |\n", check.at("number").dump(),
                        check.at("name").get<std::string>(),
                        check.at("passed").get<bool>() ? "ok" : "**FAIL**",
                        cell(check.at("summary").get<std::string>()));
  }
  return text;
}

}  // namespace

std::string report_markdown(const Json& results, const Json& audit) {
  report::require_schemas(results, audit);
  try {
    const Json& summary = results.at("summary");
    const Json& counts = summary.at("counts");
    std::string text =
        fmt::format("# {} on {}, {}\n\n{} of {} utterances decoded, free-running.\n\n",
                    results.at("model").value("model", ""), results.at("dataset").value("name", ""),
                    results.at("dataset").value("split", ""), counts.at("decoded").dump(),
                    counts.at("selected").dump());
    text += metrics(summary) + latency(summary.at("latency")) + audit_table(audit);
    text += subjects(summary.at("subjects"));
    text += "\n## Worst utterances\n";
    for (const Json& entry : summary.at("worst")) {
      text += fmt::format("\n{}\n```\n{}\n```\n", entry.at("id").get<std::string>(),
                          entry.at("alignment").get<std::string>());
    }
    for (const Json& failure : results.at("failures")) {
      text += fmt::format("\nNot decoded: {} ({}): {}\n", failure.at("id").get<std::string>(),
                          failure.at("kind").get<std::string>(),
                          failure.at("message").get<std::string>());
    }
    text += "\n## Signatures\n\n";
    for (const auto& [name, line] : summary.at("signatures").items()) {
      text += "- `" + line.get<std::string>() + "`\n";
    }
    return text;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kDataCorrupt, "broken results or audit file: {}", error.what());
  }
}

}  // namespace nest::eval
