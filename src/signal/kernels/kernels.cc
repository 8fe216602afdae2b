#include "kernels.h"

#include "nest/core/error.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace nest::signal {

namespace generic {
extern const Kernels kTable;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels kTable;
}
namespace avx512 {
extern const Kernels kTable;
}
#endif

const Kernels& kernels_for(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512 && isa <= Isa::kAvx512Amx) return avx512::kTable;
  if (isa == Isa::kAvx2 || isa == Isa::kAvxVnni) return avx2::kTable;
#endif
  require(isa == Isa::kGeneric || isa == Isa::kNeon || isa == Isa::kNeonDot,
          ErrorCode::kUnsupported, "signal kernels: this build has none for {}", name_of(isa));
  return generic::kTable;
}

const Kernels& kernels() {
  static const Kernels& selected = kernels_for(isa_selected());
  return selected;
}

#if defined(__x86_64__)
FlushSubnormals::FlushSubnormals() noexcept : saved_(_mm_getcsr()) {
  constexpr unsigned kFlushToZero = 0x8000;
  constexpr unsigned kSubnormalsAreZero = 0x0040;
  _mm_setcsr(static_cast<unsigned>(saved_) | kFlushToZero | kSubnormalsAreZero);
}
FlushSubnormals::~FlushSubnormals() {
  _mm_setcsr(static_cast<unsigned>(saved_));
}
#elif defined(__aarch64__)
FlushSubnormals::FlushSubnormals() noexcept {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" ::"r"(saved_ | (std::uint64_t{1} << 24)));
}
FlushSubnormals::~FlushSubnormals() {
  asm volatile("msr fpcr, %0" ::"r"(saved_));
}
#else
FlushSubnormals::FlushSubnormals() noexcept : saved_(0) {}
FlushSubnormals::~FlushSubnormals() = default;
#endif

}  // namespace nest::signal
