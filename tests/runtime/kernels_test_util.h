#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/dtype.h"
#include "nest/core/rng.h"
#include "nest/runtime/isa.h"
#include "runtime/kernels/kernels.h"

namespace nest::runtime {

inline std::vector<float> random_floats(std::size_t n, std::uint64_t seed, double scale = 1) {
  Rng rng(seed);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(rng.normal() * scale);
  return x;
}

/// Runs once for every instruction set of this machine.
class EveryIsa : public testing::TestWithParam<Isa> {
 protected:
  const Kernels& kernels() const { return kernels_for(GetParam()); }
};
inline std::string isa_name(const testing::TestParamInfo<Isa>& info) {
  return std::string(name_of(info.param));
}
#define NEST_EVERY_ISA(Fixture) \
  INSTANTIATE_TEST_SUITE_P(Isa, Fixture, testing::ValuesIn(available_isas()), isa_name)

}  // namespace nest::runtime
