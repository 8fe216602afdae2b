#include "surrogates.h"

#include <cmath>
#include <numbers>

#include "eval/fft.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::eval {
namespace {

void fill_gaussian(std::span<const float> in, std::span<float> out, Rng& rng) {
  double mean = 0;
  for (const float value : in) mean += static_cast<double>(value);
  mean /= static_cast<double>(in.size());
  double squares = 0;
  for (const float value : in) {
    const double d = static_cast<double>(value) - mean;
    squares += d * d;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(in.size()));
  for (float& value : out) value = static_cast<float>(rng.normal(mean, deviation));
}

void randomize_phases(std::span<const float> in, std::span<float> out,
                      const std::vector<std::complex<double>>& turns) {
  const std::size_t n = in.size();
  auto spectrum = fft({in.begin(), in.end()});
  for (std::size_t k = 1; k <= turns.size(); ++k) {
    spectrum[k] *= turns[k - 1];
    spectrum[n - k] = std::conj(spectrum[k]);
  }
  const auto signal = fft(std::move(spectrum), true);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<float>(signal[i].real() / static_cast<double>(n));
  }
}

}  // namespace

EnumTable enum_table(Surrogate /*of*/) {
  static constexpr EnumName kNames[] = {{Surrogate::kGaussian, "gaussian_noise"},
                                        {Surrogate::kPhase, "phase_randomized"},
                                        {Surrogate::kZeros, "zeros"}};
  return {"surrogate", kNames};
}

Tensor make_surrogate(const Tensor& signal, Surrogate kind, std::uint64_t seed) {
  require(signal.rank() == 2, ErrorCode::kInvalidArgument,
          "a signal must be [channels, samples], not {}", nest::to_string(signal.shape()));
  Tensor result(DType::kF32, signal.shape());
  const auto samples = static_cast<std::size_t>(signal.dim(1));
  if (kind == Surrogate::kZeros || samples == 0) return result;
  Rng rng(seed, name_of(kind));
  std::vector<std::complex<double>> turns;
  for (std::size_t k = 1; 2 * k < samples; ++k) {
    turns.push_back(std::polar(1.0, rng.uniform(0, 2 * std::numbers::pi)));
  }
  const auto in = signal.data<float>();
  const auto out = result.mutable_data<float>();
  for (std::size_t c = 0; c < static_cast<std::size_t>(signal.dim(0)); ++c) {
    const auto from = in.subspan(c * samples, samples);
    const auto to = out.subspan(c * samples, samples);
    if (kind == Surrogate::kGaussian) {
      fill_gaussian(from, to, rng);
    } else {
      randomize_phases(from, to, turns);
    }
  }
  return result;
}

EvalSet with_surrogates(const EvalSet& set, Surrogate kind, std::uint64_t seed) {
  EvalSet result = set;
  result.load = [load = set.load, positions = set.positions, kind, seed](std::size_t i) {
    Rng rng(seed, "utterance", positions[i]);
    return make_surrogate(load(i), kind, rng());
  };
  return result;
}

}  // namespace nest::eval
