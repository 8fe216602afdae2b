#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nest/core/isa.h"

namespace nest::runtime {

using nest::Isa;

/// Instruction sets this build has kernels for and this processor runs, weakest first.
std::vector<Isa> available_isas();

/// The instruction set to use: `forced` if not empty, else isa_selected(). Errors: Unsupported if
/// the forced one does not run here; InvalidArgument.
Isa choose_isa(std::string_view forced = "");

/// Cache sizes in bytes of the first core, 0 where unknown.
struct CacheSizes {
  std::int64_t l1 = 0;
  std::int64_t l2 = 0;
  std::int64_t l3 = 0;
};
CacheSizes cache_sizes();

}  // namespace nest::runtime
