#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "eval/report_parts.h"
#include "eval/svg.h"

namespace nest::eval::report {

std::string eeg_plot(const ReportSignal& signal, const UtteranceResult& utterance) {
  if (signal.signal.rank() != 2 || signal.signal.dim(1) < 2) return "";
  constexpr double kWidth = 760;
  constexpr double kLeft = 50;
  constexpr std::size_t kMaxChannels = 16;
  const auto samples = static_cast<std::size_t>(signal.signal.dim(1));
  const auto all = static_cast<std::size_t>(signal.signal.dim(0));
  const std::size_t shown = std::min(all, kMaxChannels);
  const double row = shown > 8 ? 20 : 28;
  const double height = row * static_cast<double>(shown) + 52;
  const double width = kWidth - kLeft - 8;
  const double seconds = signal.rate_hz > 0 ? static_cast<double>(samples) / signal.rate_hz : 0;
  const auto values = signal.signal.data<float>();
  std::string body;
  if (seconds > 0) {
    for (const TokenResult& token : utterance.tokens) {
      const double start = token.start_s;
      const double end = std::max(token.end_s, start);
      if (end <= 0) continue;  // the model does not know its frame rate
      const double x = kLeft + width * std::min(start / seconds, 1.0);
      const double w = std::max(3.0, width * std::min((end - start) / seconds, 1.0));
      body += box(x, 20, w, height - 40, "token",
                  fmt::format("{} {:.2f} to {:.2f} s, confidence {:.2f}", token.text, start, end,
                              token.confidence));
      body += text_at(x + w / 2, 14, shortened(token.text, 8), "middle");
    }
    for (double tick = 0; tick <= seconds; tick += tick_step(seconds)) {
      body += text_at(kLeft + width * tick / seconds, height - 6, fmt::format("{:g} s", tick),
                      "middle", "soft");
    }
  }
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t channel = k * all / shown;
    const auto x = values.subspan(channel * samples, samples);
    double mean = 0;
    double peak = 1e-30;
    for (const float v : x) mean += static_cast<double>(v) / static_cast<double>(samples);
    for (const float v : x) peak = std::max(peak, std::abs(static_cast<double>(v) - mean));
    const double base = 20 + row * (static_cast<double>(k) + 0.5);
    const std::size_t points = std::min<std::size_t>(samples, 900);
    std::string path;
    for (std::size_t p = 0; p < points; ++p) {
      const std::size_t i = p * samples / points;
      path += fmt::format("{}{:.1f},{:.1f}", p == 0 ? "M" : " ",
                          kLeft + width * static_cast<double>(i) / static_cast<double>(samples),
                          base - 0.48 * row * (static_cast<double>(x[i]) - mean) / peak);
    }
    body += fmt::format("<path d=\"{}\" class=\"trace\"/>", path);
    const std::string name =
        channel < signal.channels.size() ? signal.channels[channel] : std::to_string(channel);
    body += text_at(kLeft - 6, base + 4, shortened(name, 7), "end", "soft");
  }
  return "<div class=\"scroll\">" + svg(kWidth, height, "EEG with token times", body, "wide") +
         "</div>";
}

}  // namespace nest::eval::report
