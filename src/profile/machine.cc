#include "nest/profile/machine.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>

#include "nest/core/parallel.h"
#include "nest/core/processor.h"
#include "nest/runtime/choices.h"
#include "nest/runtime/int4_choice.h"
#include "nest/runtime/isa.h"
#include "nest/runtime/peaks.h"
#include "nest/runtime/sparse_choice.h"

namespace nest::profile {
namespace {

/// Value of a "key : value" line of a /proc file, "" if there is none.
std::string proc_value(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

Json isa_names() {
  Json names = Json::array();
  for (const runtime::Isa isa : runtime::available_isas()) names.push_back(name_of(isa));
  return names;
}

}  // namespace

Json machine_json() {
  Json report;
  report["cpu"] = processor_name();
  report["cpu_family"] = proc_value("/proc/cpuinfo", "cpu family");
  report["cores"] = available_cores();
  report["isa"] = isa_names();
  report["isa_selected"] = name_of(runtime::choose_isa());
  report["bf16_product"] = to_json(runtime::bf16_choice(runtime::choose_isa()));
  report["int8_product"] = to_json(runtime::int8_choice(runtime::choose_isa()));
  report["int4_weights"] = runtime::int4_gains(runtime::choose_isa());
  report["sparse_weights"] = runtime::sparse_break_evens(runtime::choose_isa());
  const runtime::CacheSizes caches = runtime::cache_sizes();
  report["cache_bytes"] = {{"l1", caches.l1}, {"l2", caches.l2}, {"l3", caches.l3}};
  report["memory"] = proc_value("/proc/meminfo", "MemTotal");
  report["memory_available"] = proc_value("/proc/meminfo", "MemAvailable");
  return report;
}

Json peaks_json(Isa isa) {
  Json json = to_json(runtime::measure_peaks(isa));
  for (const std::size_t mb : std::array<std::size_t, 4>{1, 4, 16, 64}) {
    json["weight_reading_gb_s"].push_back(
        {{"mb", mb}, {"gb_s", runtime::measure_weight_reading(isa, mb << 20)}});
  }
  return json;
}

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : -1;
}

}  // namespace nest::profile
