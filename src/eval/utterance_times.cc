#include <algorithm>
#include <chrono>
#include <limits>

#include "nest/core/error.h"
#include "nest/eval/compress_table.h"
#include "nest/recognize/recognizer.h"

namespace nest::eval {
namespace {

constexpr int kRounds = 3;

double milliseconds(decode::Recognizer& recognizer, const Tensor& signal) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  recognizer.recognize({&signal, 1});
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

}  // namespace

std::vector<std::vector<double>> utterance_times(const std::vector<recognize::Bundle>& bundles,
                                                 const std::vector<Tensor>& signals,
                                                 const Job& job) {
  std::vector<std::unique_ptr<decode::Recognizer>> recognizers;
  for (const recognize::Bundle& bundle : bundles)
    recognizers.push_back(recognize::make_recognizer(bundle));
  std::vector<std::vector<double>> times(
      bundles.size(), std::vector<double>(signals.size(), std::numeric_limits<double>::max()));
  Progress progress(job, "time", static_cast<std::int64_t>(signals.size()), "utterances");
  for (std::size_t i = 0; i < signals.size(); ++i) {
    job.check_stop("nothing was written");
    for (auto& recognizer : recognizers) milliseconds(*recognizer, signals[i]);  // plans the length
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t m = 0; m < recognizers.size(); ++m)
        times[m][i] = std::min(times[m][i], milliseconds(*recognizers[m], signals[i]));
    }
    progress.advance();
  }
  return times;
}

double median_ratio(const std::vector<double>& a, const std::vector<double>& b) {
  require(!a.empty() && a.size() == b.size(), ErrorCode::kInternal, "{} and {} times", a.size(),
          b.size());
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::ranges::nth_element(ratios, middle);
  return *middle;
}

}  // namespace nest::eval
