#include "nest/core/blas_kernels.h"

#include <algorithm>
#include <cstdlib>

#include "nest/core/isa.h"

namespace nest {

void name_blas_kernels() {
  const auto has = [](Isa isa) { return std::ranges::count(isa_available(), isa) > 0; };
  if (!has(Isa::kAvx2)) return;
  ::setenv("OPENBLAS_CORETYPE", has(Isa::kAvx512) ? "SkylakeX" : "Haswell", 0);
}

}  // namespace nest
