#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nest::runtime {

/// Instruction sets there are kernels for, weakest first.
enum class Isa : std::uint8_t {
  kGeneric,     ///< portable C++
  kAvx2,        ///< AVX2 + FMA + F16C
  kAvx512,      ///< AVX-512 F, BW, DQ, VL
  kAvx512Vnni,  ///< kAvx512 + VNNI + BF16
  kNeon,        ///< aarch64 Advanced SIMD with the dot-product extension
};

/// "generic", "avx2", "avx512", "avx512_vnni", "neon": the values of NEST_ISA.
std::string_view name_of(Isa isa);
/// Errors: InvalidArgument that lists the names.
Isa isa_from_name(std::string_view name);

/// Instruction sets this build has kernels for and this processor runs, weakest first.
std::vector<Isa> available_isas();

/// The instruction set to use: `forced` if not empty, else the environment's NEST_ISA, else the
/// strongest there is. Errors: Unsupported if the forced one does not run here; InvalidArgument.
Isa choose_isa(std::string_view forced = "");

/// Cache sizes in bytes of the first core, 0 where unknown.
struct CacheSizes {
  std::int64_t l1 = 0;
  std::int64_t l2 = 0;
  std::int64_t l3 = 0;
};
CacheSizes cache_sizes();

}  // namespace nest::runtime
