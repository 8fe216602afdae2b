#include "nest/decode/calibration.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "score_math.h"

namespace nest::decode {

namespace {

/// Confidences of exactly 0 or 1 would make one wrong token infinitely unlikely.
constexpr double kEdge = 1e-6;

double clamped(double p) {
  return std::clamp(p, kEdge, 1 - kEdge);
}

double mean_nll(std::span<const JudgedToken> tokens, double temperature) {
  double sum = 0;
  for (const JudgedToken& token : tokens) {
    const double p = clamped(token.confidence);
    const double z = std::log(p / (1 - p)) / temperature;
    sum += std::log1p(std::exp(token.is_correct ? -z : z));
  }
  return sum / static_cast<double>(tokens.size());
}

}  // namespace

std::vector<JudgedToken> judge(const Hypothesis& hypothesis, std::span<const TokenId> reference) {
  const auto& tokens = hypothesis.tokens;
  require(hypothesis.confidences.size() == tokens.size(), ErrorCode::kInvalidArgument,
          "{} confidences for {} tokens", hypothesis.confidences.size(), tokens.size());
  const std::size_t width = reference.size() + 1;
  std::vector<std::size_t> cost((tokens.size() + 1) * width);
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      std::size_t& c = cost[i * width + j];
      if (i == 0 || j == 0) {
        c = i + j;
        continue;
      }
      const std::size_t differs = tokens[i - 1] == reference[j - 1] ? 0 : 1;
      c = std::min({cost[(i - 1) * width + j - 1] + differs, cost[(i - 1) * width + j] + 1,
                    cost[i * width + j - 1] + 1});
    }
  }
  std::vector<JudgedToken> judged(tokens.size());
  for (std::size_t i = 0; i < judged.size(); ++i) judged[i].confidence = hypothesis.confidences[i];
  for (std::size_t i = tokens.size(), j = reference.size(); i > 0 && j > 0;) {
    const bool same = tokens[i - 1] == reference[j - 1];
    const std::size_t c = cost[i * width + j];
    if (c == cost[(i - 1) * width + j - 1] + (same ? 0 : 1)) {
      judged[--i].is_correct = same;
      --j;
    } else if (c == cost[(i - 1) * width + j] + 1) {
      --i;
    } else {
      --j;
    }
  }
  return judged;
}

double fit_temperature(std::span<const JudgedToken> tokens) {
  require(!tokens.empty(), ErrorCode::kInvalidArgument, "no tokens to calibrate on");
  // The likelihood is concave in 1 / T, so it has one peak on ln T: golden section.
  constexpr double kRatio = 0.6180339887498949;
  double low = std::log(0.05), high = std::log(20.0);
  while (high - low > 1e-6) {
    const double a = high - kRatio * (high - low);
    const double b = low + kRatio * (high - low);
    if (mean_nll(tokens, std::exp(a)) <= mean_nll(tokens, std::exp(b))) {
      high = b;
    } else {
      low = a;
    }
  }
  return std::exp((low + high) / 2);
}

std::vector<JudgedToken> with_temperature(std::span<const JudgedToken> tokens, double temperature) {
  require(temperature > 0, ErrorCode::kInvalidArgument, "temperature {} is not positive",
          temperature);
  std::vector<JudgedToken> result(tokens.begin(), tokens.end());
  for (JudgedToken& token : result) {
    token.confidence = tempered_confidence(std::log(double{token.confidence}), temperature);
  }
  return result;
}

CalibrationReport calibration_report(std::span<const JudgedToken> tokens, int num_bins) {
  require(!tokens.empty() && num_bins > 0, ErrorCode::kInvalidArgument,
          "{} tokens in {} bins: nothing to report", tokens.size(), num_bins);
  CalibrationReport report;
  report.bins.resize(static_cast<std::size_t>(num_bins));
  const auto n = static_cast<double>(tokens.size());
  for (const JudgedToken& token : tokens) {
    const double p = token.confidence;
    const int at = std::clamp(static_cast<int>(p * num_bins), 0, num_bins - 1);
    auto& bin = report.bins[static_cast<std::size_t>(at)];
    ++bin.count;
    bin.confidence += p;
    bin.accuracy += token.is_correct ? 1 : 0;
    report.brier += std::pow(p - (token.is_correct ? 1 : 0), 2) / n;
  }
  for (auto& bin : report.bins) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
    report.ece += static_cast<double>(bin.count) / n * std::abs(bin.accuracy - bin.confidence);
  }
  report.nll = mean_nll(tokens, 1);
  return report;
}

Json to_json(const CalibrationReport& report) {
  Json json = {{"ece", report.ece}, {"nll", report.nll}, {"brier", report.brier}};
  for (const auto& bin : report.bins) {
    json["bins"].push_back(
        {{"count", bin.count}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
  }
  return json;
}

}  // namespace nest::decode
