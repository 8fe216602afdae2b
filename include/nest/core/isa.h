#pragma once

#include <cstdint>
#include <vector>

#include "nest/core/enum.h"

namespace nest {

/// Instruction sets that kernels are compiled for; the order is from plain to wide. A module that
/// has none of its own for one uses those of the widest plainer one.
enum class Isa : std::uint8_t {
  kGeneric,     ///< the compiler's baseline (SSE2 on x86-64, NEON on aarch64)
  kAvx2,        ///< AVX2, FMA, F16C
  kAvxVnni,     ///< kAvx2 with AVX-VNNI, the byte dot product of processors without AVX-512
  kAvx512,      ///< AVX-512 F, BW, DQ, VL
  kAvx512Vnni,  ///< kAvx512 with VNNI
  kAvx512Bf16,  ///< kAvx512Vnni with BF16
  kAvx512Amx,   ///< kAvx512Bf16 with the matrix units of Intel's servers (AMX) for bytes
  kNeon,        ///< aarch64 Advanced SIMD
  kNeonDot,     ///< kNeon with the dot-product extension
};

/// "generic", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16", "avx512_amx", "neon",
/// "neon_dot": the values of NEST_ISA.
EnumTable enum_table(Isa of);

/// True if this machine and its operating system run the instruction set. The first question about
/// AMX asks Linux to let this process use its tiles.
bool isa_supported(Isa isa) noexcept;
/// Every supported instruction set, plain first.
std::vector<Isa> isa_available();

/// The instruction set kernels use: the widest supported one, or the one named by NEST_ISA.
/// Errors: InvalidArgument if NEST_ISA names an unknown or unsupported one. Decided once.
Isa isa_selected();

}  // namespace nest
