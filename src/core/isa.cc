#include "nest/core/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <cstdlib>

#include "nest/core/error.h"

namespace nest {
namespace {

constexpr Isa kAll[] = {Isa::kGeneric,   Isa::kAvx2,       Isa::kAvxVnni,
                        Isa::kAvx512,    Isa::kAvx512Vnni, Isa::kAvx512Bf16,
                        Isa::kAvx512Amx, Isa::kNeon,       Isa::kNeonDot};

std::string names_of_available() {
  std::string names;
  for (const Isa isa : isa_available()) {
    if (!names.empty()) names += ", ";
    names += name_of(isa);
  }
  return names;
}

Isa select() {
  if (const char* forced = std::getenv("NEST_ISA"); forced != nullptr && *forced != '\0') {
    const Isa isa = from_name<Isa>(forced);
    require(isa_supported(isa), ErrorCode::kInvalidArgument,
            "NEST_ISA={}: this machine does not run it; available: {}", forced,
            names_of_available());
    return isa;
  }
  return isa_available().back();
}

#if defined(__x86_64__)
// Asked once each: in a virtual machine the instruction takes as long as a small model.
/// Not every compiler's __builtin_cpu_supports knows the name "f16c".
bool has_f16c() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  static const bool has = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
  return has;
}
bool has_avx_vnni() noexcept {
  constexpr unsigned kAvxVnniBit = 1u << 4;
  unsigned a = 0, b = 0, c = 0, d = 0;
  static const bool has = __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & kAvxVnniBit) != 0;
  return has;
}
/// The state of tiles is 8 KB a thread, so Linux keeps it for processes that asked.
bool may_use_tiles() noexcept {
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
bool has_amx_int8() noexcept {
  constexpr unsigned kAmxBits = 1u << 24 | 1u << 25;  // tiles, and products of bytes
  unsigned a = 0, b = 0, c = 0, d = 0;
  static const bool has =
      __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxBits) == kAmxBits && may_use_tiles();
  return has;
}
#endif

}  // namespace

EnumTable enum_table(Isa /*of*/) {
  static constexpr EnumName kNames[] = {
      {Isa::kGeneric, "generic"},        {Isa::kAvx2, "avx2"},
      {Isa::kAvxVnni, "avx_vnni"},       {Isa::kAvx512, "avx512"},
      {Isa::kAvx512Vnni, "avx512_vnni"}, {Isa::kAvx512Bf16, "avx512_bf16"},
      {Isa::kAvx512Amx, "avx512_amx"},   {Isa::kNeon, "neon"},
      {Isa::kNeonDot, "neon_dot"}};
  return {"instruction set", kNames};
}

bool isa_supported(Isa isa) noexcept {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kGeneric:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    case Isa::kAvxVnni:
      return isa_supported(Isa::kAvx2) && has_avx_vnni();
    case Isa::kAvx512:
      return isa_supported(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    case Isa::kAvx512Vnni:
      return isa_supported(Isa::kAvx512) && __builtin_cpu_supports("avx512vnni");
    case Isa::kAvx512Bf16:
      return isa_supported(Isa::kAvx512Vnni) && __builtin_cpu_supports("avx512bf16");
    case Isa::kAvx512Amx:
      return isa_supported(Isa::kAvx512Bf16) && has_amx_int8();
    case Isa::kNeon:
    case Isa::kNeonDot:
      return false;
  }
  return false;
#elif defined(__aarch64__) && defined(HWCAP_ASIMDDP)
  if (isa == Isa::kNeonDot) return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  return isa == Isa::kGeneric || isa == Isa::kNeon;
#else
  return isa == Isa::kGeneric;
#endif
}

std::vector<Isa> isa_available() {
  std::vector<Isa> available;
  for (const Isa isa : kAll) {
    if (isa_supported(isa)) available.push_back(isa);
  }
  return available;
}

Isa isa_selected() {
  static const Isa selected = select();
  return selected;
}

}  // namespace nest
