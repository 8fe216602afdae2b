#include "nest/runtime/isa.h"

#include <array>
#include <cstdlib>

#include <unistd.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "nest/core/error.h"
#include "runtime/kernels/kernels.h"

namespace nest::runtime {
namespace {

struct Entry {
  Isa isa;
  std::string_view name;
  const Kernels* (*table)();
};
constexpr std::array<Entry, 5> kEntries{{{Isa::kGeneric, "generic", kernels_generic},
                                         {Isa::kAvx2, "avx2", kernels_avx2},
                                         {Isa::kAvx512, "avx512", kernels_avx512},
                                         {Isa::kAvx512Vnni, "avx512_vnni", kernels_avx512_vnni},
                                         {Isa::kNeon, "neon", kernels_neon}}};

const Entry& entry_of(Isa isa) {
  return kEntries.at(static_cast<std::size_t>(isa));
}

bool processor_runs(Isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  switch (isa) {
    case Isa::kGeneric:
      return true;
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvx512:
      return avx512;
    case Isa::kAvx512Vnni:
      return avx512 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
    case Isa::kNeon:
      return false;
  }
  return false;
#elif defined(__aarch64__) && defined(HWCAP_ASIMDDP)
  const bool has_dot_product = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  return isa == Isa::kGeneric || (isa == Isa::kNeon && has_dot_product);
#else
  return isa == Isa::kGeneric;
#endif
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

std::string_view name_of(Isa isa) {
  return entry_of(isa).name;
}

Isa isa_from_name(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.isa;
  }
  fail(ErrorCode::kInvalidArgument,
       "unknown instruction set '{}'; known: generic, avx2, avx512, avx512_vnni, neon", name);
}

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (const Entry& entry : kEntries) {
    if (entry.table() != nullptr && processor_runs(entry.isa)) isas.push_back(entry.isa);
  }
  return isas;
}

Isa choose_isa(std::string_view forced) {
  const char* environment = std::getenv("NEST_ISA");
  if (forced.empty() && environment != nullptr) forced = environment;
  const std::vector<Isa> available = available_isas();
  if (forced.empty()) return available.back();
  const Isa isa = isa_from_name(forced);
  for (const Isa candidate : available) {
    if (candidate == isa) return isa;
  }
  fail(ErrorCode::kUnsupported, "instruction set '{}' does not run here; available: {}", forced,
       names_of(available));
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
  const Kernels* table = entry_of(isa).table();
  require(table != nullptr && processor_runs(isa), ErrorCode::kUnsupported,
          "instruction set '{}' does not run here; available: {}", name_of(isa),
          names_of(available_isas()));
  return *table;
}

}  // namespace nest::runtime
