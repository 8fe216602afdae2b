#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace nest {

/// Seeded random numbers that are the same on every machine and compiler.
///
/// xoshiro256++ (Blackman & Vigna 2019), seeded by splitmix64. The distributions are our own,
/// because those of the standard library differ between implementations.
class Rng {
 public:
  using result_type = std::uint64_t;

  explicit Rng(std::uint64_t seed = 0);
  /// An independent stream for a named purpose: the same (seed, name, index) gives the same
  /// numbers.
  Rng(std::uint64_t seed, std::string_view stream, std::uint64_t index = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~std::uint64_t{0}; }
  result_type operator()();

  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high);
  /// Standard normal (Marsaglia polar method).
  double normal();
  double normal(double mean, double stddev);
  /// Uniform in [0, n), without modulo bias (Lemire 2019). n > 0.
  std::uint64_t below(std::uint64_t n);

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
    }
  }

  /// The complete state, for exact resume.
  struct State {
    std::array<std::uint64_t, 4> words{};
    double spare = 0;
    bool has_spare = false;
  };
  State state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace nest
