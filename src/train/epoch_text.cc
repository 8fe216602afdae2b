#include <fmt/format.h>

#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/train/trainer.h"

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

}  // namespace nest::train
