#include "nest/runtime/choices.h"

#include <array>
#include <chrono>
#include <limits>
#include <mutex>
#include <vector>

#include "nest/core/json.h"
#include "runtime/measured_kernels.h"

namespace nest::runtime {
namespace {

constexpr int kRows = 12, kDepth = 192, kTries = 30;
constexpr double kWorthIt = 1.1;
/// A way this much slower at its first try is not tried again.
constexpr double kHopeless = 4;

using Product = void (*)(const GemmArgs&);

/// Nanoseconds of one call, the least of some tries: short ones fit between interruptions.
double least_ns(Product product, const GemmArgs& args, double best) {
  using Clock = std::chrono::steady_clock;
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < kTries; ++i) {
    const auto begin = Clock::now();
    product(args);
    least = std::min(least, std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
    if (i == 1 && least > kHopeless * best) break;
  }
  return least;
}

Bf16Choice measure(Isa isa) {
  std::vector<std::uint16_t> a(kRows * kDepth), b(kDepth * kPanel);
  std::vector<float> c(kRows * kPanel);
  GemmArgs args;
  args.m = kRows;
  args.n = kPanel;
  args.k = kDepth;
  args.a_bf16 = a.data();
  args.lda = kDepth;
  args.b = b.data();
  args.c = c.data();
  args.ldc = kPanel;
  const double own = least_ns(kernels_for(isa).gemm_bf16, args, 1e18);
  Bf16Choice choice{isa, {}};
  const auto gmacs = [](double ns) { return kRows * kDepth * kPanel / ns; };
  choice.gmacs[isa] = gmacs(own);
  double best = own / kWorthIt;
  for (const Isa other : available_isas()) {
    if (other >= isa) continue;
    const double ns = least_ns(kernels_for(other).gemm_bf16, args, own);
    choice.gmacs[other] = gmacs(ns);
    if (ns >= best) continue;
    best = ns;
    choice.kernels = other;
  }
  return choice;
}

struct Measured {
  std::once_flag once;
  Bf16Choice bf16;
  Kernels kernels;
};

const Measured& measured(Isa isa) {
  static std::array<Measured, 16> all;
  Measured& one = all.at(static_cast<std::size_t>(isa));
  std::call_once(one.once, [&] {
    one.bf16 = measure(isa);
    one.kernels = kernels_for(isa);
    one.kernels.gemm_bf16 = kernels_for(one.bf16.kernels).gemm_bf16;
  });
  return one;
}

}  // namespace

const Bf16Choice& bf16_choice(Isa isa) {
  return measured(isa).bf16;
}

const Kernels& measured_kernels(Isa isa) {
  return measured(isa).kernels;
}

Json to_json(const Bf16Choice& choice) {
  Json gmacs = Json::object();
  for (const auto& [isa, value] : choice.gmacs) gmacs[std::string(name_of(isa))] = value;
  return {{"kernels", name_of(choice.kernels)}, {"gmacs", gmacs}};
}

}  // namespace nest::runtime
