#include "nest/signal/window_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Eigenvalues>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::signal {
namespace {

constexpr double kMadToSigma = 1.4826;  // of a normal distribution
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

void apply(std::span<float> row, double center, double scale, double clip) {
  for (float& value : row) {
    const double scaled = scale > 0 ? (static_cast<double>(value) - center) / scale : 0.0;
    value = static_cast<float>(std::clamp(scaled, -clip, clip));
  }
}

void zscore(std::span<float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value);
  const double mean = sum / static_cast<double>(row.size());
  double squares = 0;
  for (const float value : row) {
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  }
  apply(row, mean, std::sqrt(squares / static_cast<double>(row.size())), HUGE_VAL);
}

void robust(std::span<float> row, double clip) {
  std::vector<float> work(row.begin(), row.end());
  const float center = median(work);
  for (std::size_t i = 0; i < row.size(); ++i) work[i] = std::abs(row[i] - center);
  const double scale = kMadToSigma * static_cast<double>(median(work));
  apply(row, static_cast<double>(center), scale, clip);
}

void whiten(std::span<float> signal, Eigen::Index channels, double shrinkage) {
  const Eigen::Index samples = static_cast<Eigen::Index>(signal.size()) / channels;
  Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> window(
      signal.data(), channels, samples);
  const RowMatrix x = window.cast<double>();
  RowMatrix covariance = x * x.transpose() / static_cast<double>(samples);
  const double ridge = shrinkage * covariance.trace() / static_cast<double>(channels);
  if (!(covariance.trace() > 0)) return;  // silence stays silence
  covariance.diagonal().array() += ridge;
  const Eigen::SelfAdjointEigenSolver<RowMatrix> solver(covariance);
  window = (solver.operatorInverseSqrt() * x).cast<float>();
}

}  // namespace

EnumTable enum_table(WindowNorm /*of*/) {
  static constexpr EnumName kNames[] = {{WindowNorm::kNone, "none"},
                                        {WindowNorm::kZscore, "zscore"},
                                        {WindowNorm::kRobust, "robust"},
                                        {WindowNorm::kWhiten, "whiten"}};
  return {"window normalisation", kNames};
}

void visit_fields(FieldVisitor& visitor, WindowNormOptions& o) {
  visitor.field("kind", o.kind, "normalisation of each window by itself", {},
                {.flag = "window-norm"});
  visitor.field("clip", o.clip, "clip limit of robust and whiten, robust deviations", above(0),
                {.flag = "window-clip"});
  visitor.field("shrinkage", o.shrinkage, "covariance shrinkage of whiten", above(0).to(1),
                {.flag = "window-shrinkage"});
}

void normalize_window(const WindowNormOptions& options, std::span<float> signal,
                      std::int64_t channels) {
  nest::validate(options);
  if (options.kind == WindowNorm::kNone || signal.empty()) return;
  require(channels > 0 && signal.size() % static_cast<std::size_t>(channels) == 0,
          ErrorCode::kInvalidArgument, "a window of {} values does not hold {} channels",
          signal.size(), channels);
  require(std::all_of(signal.begin(), signal.end(), [](float v) { return std::isfinite(v); }),
          ErrorCode::kDataCorrupt,
          "the window holds NaN or infinity; choose a bad-channel policy before normalising");
  const std::size_t samples = signal.size() / static_cast<std::size_t>(channels);
  for (std::size_t begin = 0; begin < signal.size(); begin += samples) {
    const auto row = signal.subspan(begin, samples);
    if (options.kind == WindowNorm::kZscore) {
      zscore(row);
    } else {
      robust(row, options.clip);
    }
  }
  if (options.kind == WindowNorm::kWhiten) {
    whiten(signal, static_cast<Eigen::Index>(channels), options.shrinkage);
  }
}

}  // namespace nest::signal
