#include "eval/surrogates.h"

#include <cmath>
#include <complex>

#include <gtest/gtest.h>

#include "eval/fft.h"
#include "nest/core/rng.h"
#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

using Complex = std::complex<double>;

TEST(Fft, equals_the_definition_for_any_length) {
  for (const std::size_t n : {1u, 2u, 8u, 15u, 64u, 97u, 100u}) {
    Rng rng(n);
    std::vector<Complex> x(n);
    for (Complex& value : x) value = {rng.normal(), rng.normal()};
    const auto spectrum = fft(x);
    for (std::size_t k = 0; k < n; ++k) {
      Complex sum = 0;
      for (std::size_t t = 0; t < n; ++t) {
        sum +=
            x[t] * std::polar(1.0, -2 * M_PI * static_cast<double>(k * t) / static_cast<double>(n));
      }
      EXPECT_NEAR(std::abs(spectrum[k] - sum), 0, 1e-10) << n << " " << k;
    }
    const auto back = fft(spectrum, true);
    for (std::size_t t = 0; t < n; ++t) {
      EXPECT_NEAR(std::abs(back[t] / static_cast<double>(n) - x[t]), 0, 1e-12);
    }
  }
}

Tensor coloured_signal(std::size_t samples) {
  Tensor signal(DType::kF32, {2, static_cast<std::int64_t>(samples)});
  auto values = signal.mutable_data<float>();
  Rng rng(1);
  float state = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    state = 0.9f * state + static_cast<float>(rng.normal());
    values[i] = state + 4;
    values[samples + i] = 0.5f * state + static_cast<float>(rng.normal(0, 0.3));
  }
  return signal;
}

std::vector<Complex> spectrum_of(const Tensor& signal, std::size_t channel) {
  const auto n = static_cast<std::size_t>(signal.dim(1));
  const auto values = signal.data<float>().subspan(channel * n, n);
  return fft({values.begin(), values.end()});
}

TEST(Surrogates, phase_randomisation_keeps_spectra_and_cross_spectra_but_not_the_waveform) {
  for (const std::size_t samples : {200u, 201u}) {
    const Tensor signal = coloured_signal(samples);
    const Tensor other = make_surrogate(signal, Surrogate::kPhase, 7);
    const auto a0 = spectrum_of(signal, 0);
    const auto a1 = spectrum_of(signal, 1);
    const auto b0 = spectrum_of(other, 0);
    const auto b1 = spectrum_of(other, 1);
    double moved = 0;
    for (std::size_t k = 0; k < samples; ++k) {
      EXPECT_NEAR(std::abs(a0[k]), std::abs(b0[k]), 1e-3);
      EXPECT_NEAR(std::abs(a0[k] * std::conj(a1[k]) - b0[k] * std::conj(b1[k])), 0, 0.1);
      moved += std::abs(a0[k] - b0[k]);
    }
    EXPECT_GT(moved, 100);
  }
}

TEST(Surrogates, noise_matches_mean_and_deviation_of_each_channel) {
  const Tensor signal = coloured_signal(5000);
  const Tensor other = make_surrogate(signal, Surrogate::kGaussian, 7);
  for (std::size_t c = 0; c < 2; ++c) {
    const auto moments = [&](const Tensor& x) {
      double sum = 0;
      double squares = 0;
      for (const float value : x.data<float>().subspan(c * 5000, 5000)) {
        sum += static_cast<double>(value) / 5000;
        squares += static_cast<double>(value) * static_cast<double>(value) / 5000;
      }
      return std::pair{sum, std::sqrt(squares - sum * sum)};
    };
    EXPECT_NEAR(moments(signal).first, moments(other).first, 0.15);
    EXPECT_NEAR(moments(signal).second / moments(other).second, 1, 0.05);
  }
}

TEST(Surrogates, are_reproducible_and_differ_between_utterances_and_seeds) {
  const EvalSet set = fake::make_set(0, 3);
  for (const Surrogate kind : {Surrogate::kGaussian, Surrogate::kPhase}) {
    const EvalSet a = with_surrogates(set, kind, 1);
    EXPECT_TRUE(bit_equal(a.load(0), with_surrogates(set, kind, 1).load(0)));
    EXPECT_FALSE(bit_equal(a.load(0), with_surrogates(set, kind, 2).load(0)));
    EXPECT_EQ(a.load(0).shape(), set.load(0).shape());
    // the stream belongs to the utterance, not to where it stands in a part
    EXPECT_TRUE(bit_equal(a.load(2), with_surrogates(set.part({2, 3}), kind, 1).load(0)));
  }
  const Tensor zeros = with_surrogates(set, Surrogate::kZeros, 1).load(0);
  for (const float value : zeros.data<float>()) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace nest::eval
