#include "nest/runtime/choices.h"

#include <array>
#include <chrono>
#include <limits>
#include <mutex>
#include <optional>

#include "nest/core/json.h"
#include "runtime/arena.h"
#include "runtime/measured_kernels.h"
#include "runtime/timed_product.h"

namespace nest::runtime {
namespace {

constexpr int kRows = 12, kDepth = 192, kTries = 30;
constexpr double kWorthIt = 1.1;
/// A way this much slower at its first try is not tried again.
constexpr double kHopeless = 4;
constexpr double kNoBound = 1e18;
constexpr std::array kInt8Rows{1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 48};

/// Nanoseconds of one call, the least of some tries: short ones fit between interruptions.
template <class F>
double least_ns(const F& call, double best) {
  using Clock = std::chrono::steady_clock;
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < kTries; ++i) {
    const auto begin = Clock::now();
    call();
    least = std::min(least, std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
    if (i == 1 && least > kHopeless * best) break;
  }
  return least;
}

double gmacs(int rows, double ns) {
  return rows * kDepth * kPanel / ns;
}

Bf16Choice measure_bf16(Isa isa) {
  const AlignedArray<std::uint16_t> a(kRows * kDepth), b(kDepth * kPanel);
  const AlignedArray<float> c(kRows * kPanel);
  GemmArgs args;
  args.m = kRows;
  args.n = kPanel;
  args.k = kDepth;
  args.a_bf16 = a.data();
  args.lda = kDepth;
  args.b = b.data();
  args.c = c.data();
  args.ldc = kPanel;
  const auto ns_of = [&](Isa of, double best) {
    const Kernels& kernels = kernels_for(of);
    return least_ns([&] { kernels.gemm_bf16(args); }, best);
  };
  const double own = ns_of(isa, kNoBound);
  Bf16Choice choice{isa, {}};
  choice.gmacs[isa] = gmacs(kRows, own);
  double best = own / kWorthIt;
  for (const Isa other : available_isas()) {
    if (other >= isa) continue;
    const double ns = ns_of(other, own);
    choice.gmacs[other] = gmacs(kRows, ns);
    if (ns >= best) continue;
    best = ns;
    choice.kernels = other;
  }
  return choice;
}

/// The widest instruction set below this one that runs here.
std::optional<Isa> plainer_than(Isa isa) {
  std::optional<Isa> found;
  for (const Isa other : available_isas()) {
    if (other < isa) found = other;
  }
  return found;
}

Int8Choice measure_int8(Isa isa) {
  TimedProduct product(kInt8Rows.back(), kPanel, kDepth);
  Int8Choice choice{isa, isa, 1, {}};
  const std::optional<Isa> plainer = plainer_than(isa);
  for (std::size_t i = 0; plainer && i < kInt8Rows.size(); ++i) {
    const int rows = product.args.m = kInt8Rows[i];
    const auto measure = [&](Isa of) {
      const Kernels& kernels = kernels_for(of);
      const auto call = [&] { kernels.gemm_s8(product.args); };
      return choice.gmacs[of][rows] = gmacs(rows, least_ns(call, kNoBound));
    };
    const double own = measure(isa);
    if (measure(*plainer) <= kWorthIt * own) continue;
    choice.few = *plainer;
    const bool is_last = i + 1 == kInt8Rows.size();
    choice.many_rows = is_last ? 1 : kInt8Rows[i + 1];
    if (is_last) choice.many = choice.few;
  }
  return choice;
}

struct Measured {
  std::once_flag once;
  Bf16Choice bf16;
  Int8Choice int8;
  Kernels kernels;
};

const Measured& measured(Isa isa) {
  static std::array<Measured, 16> all;
  Measured& one = all.at(static_cast<std::size_t>(isa));
  std::call_once(one.once, [&] {
    one.bf16 = measure_bf16(isa);
    one.int8 = measure_int8(isa);
    one.kernels = kernels_for(isa);
    one.kernels.gemm_bf16 = kernels_for(one.bf16.kernels).gemm_bf16;
    one.kernels.gemm_s8 = kernels_for(one.int8.few).gemm_s8;
    if (one.int8.many == one.int8.few) return;
    one.kernels.gemm_s8_many = kernels_for(one.int8.many).gemm_s8;
    one.kernels.many_rows = one.int8.many_rows;
  });
  return one;
}

}  // namespace

const Bf16Choice& bf16_choice(Isa isa) {
  return measured(isa).bf16;
}
const Int8Choice& int8_choice(Isa isa) {
  return measured(isa).int8;
}
const Kernels& measured_kernels(Isa isa) {
  return measured(isa).kernels;
}

Json to_json(const Bf16Choice& choice) {
  Json gmacs = Json::object();
  for (const auto& [isa, value] : choice.gmacs) gmacs[std::string(name_of(isa))] = value;
  return {{"kernels", name_of(choice.kernels)}, {"gmacs", gmacs}};
}
Json to_json(const Int8Choice& choice) {
  Json gmacs = Json::object();
  for (const auto& [isa, by_rows] : choice.gmacs) {
    Json& values = gmacs[std::string(name_of(isa))] = Json::object();
    for (const auto& [rows, value] : by_rows) values[std::to_string(rows)] = value;
  }
  return {{"few_rows", name_of(choice.few)},
          {"many_rows", name_of(choice.many)},
          {"many_from", choice.many_rows},
          {"gmacs", gmacs}};
}

}  // namespace nest::runtime
