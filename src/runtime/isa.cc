#include "nest/runtime/isa.h"

#include <unistd.h>

#include "nest/core/error.h"
#include "runtime/kernels/kernels.h"

namespace nest::runtime {
namespace {

/// The kernels of an instruction set, null where this build has none.
const Kernels* table_of(Isa isa) {
  switch (isa) {
    case Isa::kGeneric:
      return kernels_generic();
    case Isa::kAvx2:
      return kernels_avx2();
    case Isa::kAvxVnni:
      return kernels_avx_vnni();
    case Isa::kAvx512:
      return kernels_avx512();
    case Isa::kAvx512Vnni:
      return kernels_avx512_vnni();
    case Isa::kAvx512Bf16:
      return kernels_avx512_bf16();
    case Isa::kAvx512Amx:
      return kernels_avx512_amx();
    case Isa::kNeon:
      return kernels_neon();
    case Isa::kNeonDot:
      return kernels_neon_dot();
  }
  return nullptr;
}

std::string names_of(const std::vector<Isa>& isas) {
  std::string text;
  for (const Isa isa : isas) text += (text.empty() ? "" : ", ") + std::string(name_of(isa));
  return text;
}

std::int64_t cache_size(int name) {
  const long bytes = sysconf(name);
  return bytes > 0 ? bytes : 0;
}

}  // namespace

std::vector<Isa> available_isas() {
  std::vector<Isa> isas = isa_available();
  std::erase_if(isas, [](Isa isa) { return table_of(isa) == nullptr; });
  return isas;
}

Isa choose_isa(std::string_view forced) {
  if (forced.empty()) return isa_selected();
  const Isa isa = from_name<Isa>(forced);
  kernels_for(isa);
  return isa;
}

CacheSizes cache_sizes() {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  return {cache_size(_SC_LEVEL1_DCACHE_SIZE), cache_size(_SC_LEVEL2_CACHE_SIZE),
          cache_size(_SC_LEVEL3_CACHE_SIZE)};
#else
  return {};
#endif
}

const Kernels& kernels_for(Isa isa) {
  const Kernels* table = table_of(isa);
  require(table != nullptr && isa_supported(isa), ErrorCode::kUnsupported,
          "instruction set '{}' does not run here; available: {}", name_of(isa),
          names_of(available_isas()));
  return *table;
}

}  // namespace nest::runtime
