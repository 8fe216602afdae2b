#include "package/documents.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nest::package {
namespace {

std::string signal_text(const graph::SignalContract& c) {
  std::string text = fmt::format("{} channels at {} Hz in {}", c.num_channels, c.rate_hz, c.unit);
  if (!c.channels.empty()) text += fmt::format(": {}", fmt::join(c.channels, ", "));
  return text;
}

/// "WER 12.3 % [10.1, 14.9]"; "" if the figures lack it.
std::string rate_text(const Json& figures, const char* key, const char* name) {
  const Json intervals = figures.value("intervals", Json::object());
  if (!intervals.contains(key) || !intervals.at(key).contains("estimate")) return "";
  const Json& rate = intervals.at(key);
  const auto percent = [&](const char* part) {
    return rate.contains(part) && rate.at(part).is_number() ? rate.at(part).get<double>() * 100 : 0;
  };
  return fmt::format("{} {:.1f} % [{:.1f}, {:.1f}]", name, percent("estimate"), percent("low"),
                     percent("high"));
}

std::string figures_text(const Json& figures, const char* what) {
  if (!figures.is_object()) return fmt::format("- {}: not measured\n", what);
  std::string text = fmt::format("- {}: {} utterances of {}", what, figures.value("utterances", 0),
                                 figures.value("dataset", ""));
  for (const auto& [key, name] : {std::pair("wer", "WER"), std::pair("cer", "CER")})
    if (const std::string rate = rate_text(figures, key, name); !rate.empty()) text += ", " + rate;
  return text + "\n";
}

std::string audit_text(const Json& audit) {
  if (!audit.is_object()) return "- audit: not made\n";
  return fmt::format("- audit: {}; {}\n", audit.value("passed", false) ? "passed" : "failed",
                     audit.value("eeg_use", ""));
}

}  // namespace

std::string readme_text(const Manifest& m) {
  return fmt::format(
      R"(# {name} {version}

{description}
- model: {model} ({family}), {parameters} parameters, {precision}
- signal: {signal}
- licence: {licence}
{metrics}{streamed}{audit}
## Run it

    nest verify .                                  # every file, and the golden vectors
    nest decode --model models/model.prepared --input recording.edf

    pip install -r requirements.txt                # without NEST: onnxruntime and numpy
    python deploy.py verify
    python deploy.py decode signal.npy             # [channels, samples], as above

`manifest.json` has the signal contract, the hash of every file and the golden vectors; a package with a changed byte is
refused.
)",
      fmt::arg("name", m.name), fmt::arg("version", m.version),
      fmt::arg("description", m.description.empty() ? "" : m.description + "\n"),
      fmt::arg("model", m.model.value("name", "")), fmt::arg("family", m.model.value("family", "")),
      fmt::arg("parameters", m.model.value("parameters", std::int64_t{0})),
      fmt::arg("precision", m.model.value("precision", "")),
      fmt::arg("signal", signal_text(m.signal)), fmt::arg("licence", m.licence),
      fmt::arg("metrics", figures_text(m.metrics, "utterances")),
      fmt::arg("streamed", figures_text(m.streamed, "streams")),
      fmt::arg("audit", audit_text(m.audit)));
}

std::string requirements_text() {
  return "onnxruntime>=1.16\nnumpy\n";
}

}  // namespace nest::package
