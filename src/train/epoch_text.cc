#include <fmt/format.h>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/train/run.h"

namespace nest::train {

std::string epoch_text(const Json& entry, std::int64_t epochs) {
  const auto number = [&](const char* key) { return entry.at(key).get<double>(); };
  std::string text =
      fmt::format("epoch {}/{}: training loss {:.4g}", entry.at("epoch").get<std::int64_t>(),
                  epochs, number("train_loss"));
  if (entry.contains("loss")) text += fmt::format(", validation loss {:.4g}", number("loss"));
  if (entry.contains("wer")) text += fmt::format(", WER {:.1f} %", 100 * number("wer"));
  if (entry.contains("cer")) text += fmt::format(", CER {:.1f} %", 100 * number("cer"));
  text += fmt::format(", learning rate {:.3g}, {}", number("learning_rate"),
                      format_duration(number("seconds")));
  if (number("skipped") > 0) {
    text += fmt::format(", {:.0f} targets too long for their frames left out", number("skipped"));
  }
  return text + (entry.value("is_best", false) ? ", the best so far" : "");
}

std::string run_text(const Json& report, const std::string& out) {
  std::string text = fmt::format("{} after {} epochs ({} steps)",
                                 report.at("finished").get<bool>() ? "finished" : "stopped",
                                 report.at("epochs").dump(), report.at("steps").dump());
  if (report.at("best_epoch").get<std::int64_t>() == 0) {
    return text + fmt::format(", no epoch was validated yet\nweights: {}/last.pt\n", out);
  }
  const auto monitor = report.at("monitor").get<std::string>();
  const auto best = report.at("best_score").get<double>();
  text += fmt::format(
      ": best {} {} in epoch {}\n", monitor,
      monitor == "loss" ? fmt::format("{:.4g}", best) : fmt::format("{:.1f} %", 100 * best),
      report.at("best_epoch").dump());
  return text + fmt::format("weights: {0}/best.pt and {0}/last.pt, log: {0}/log.jsonl\n", out);
}

}  // namespace nest::train
