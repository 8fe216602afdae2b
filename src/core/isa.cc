#include "nest/core/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstdlib>

#include "nest/core/error.h"

namespace nest {
namespace {

constexpr Isa kAll[] = {Isa::kGeneric, Isa::kAvx2, Isa::kAvx512};

std::string names_of_available() {
  std::string names;
  for (const Isa isa : isa_available()) {
    if (!names.empty()) names += ", ";
    names += name_of(isa);
  }
  return names;
}

/// Names of the native runtime's finer sets, which are one set for everybody else.
std::string_view base_name(std::string_view name) {
  if (name == "avx512_vnni") return "avx512";
  if (name.starts_with("neon")) return "generic";
  return name;
}

Isa select() {
  if (const char* forced = std::getenv("NEST_ISA"); forced != nullptr && *forced != '\0') {
    const Isa isa = isa_from_name(base_name(forced));
    require(isa_supported(isa), ErrorCode::kInvalidArgument,
            "NEST_ISA={}: this machine does not run it; available: {}", forced,
            names_of_available());
    return isa;
  }
  return isa_available().back();
}

#if defined(__x86_64__)
/// Not every compiler's __builtin_cpu_supports knows the name "f16c".
bool has_f16c() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::kGeneric:
      return "generic";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

Isa isa_from_name(std::string_view name) {
  for (const Isa isa : kAll) {
    if (name_of(isa) == name) return isa;
  }
  fail(ErrorCode::kInvalidArgument,
       "instruction set '{}' is unknown; choose generic, avx2 or avx512", name);
}

bool isa_supported(Isa isa) noexcept {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kGeneric:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    case Isa::kAvx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  return false;
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
