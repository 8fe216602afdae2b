#include <fstream>
#include <memory>

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/parallel.h"
#include "nest/runtime/isa.h"
#include "torch_half.h"

namespace nest {
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

Json isa_report() {
  Json names = Json::array();
  for (const runtime::Isa isa : runtime::available_isas()) names.push_back(name_of(isa));
  return names;
}

/// Libraries that are opened at run time if the user has them.
Json optional_libraries() {
  Json found = Json::object();
  for (const char* name : {"liblsl.so", "libonnxruntime.so"}) {
    void* handle = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    found[name] = handle != nullptr;
    if (handle != nullptr) ::dlclose(handle);
  }
  return found;
}

Json examine() {
  Json report;
  report["version"] = NEST_VERSION;
  report["cpu"] = proc_value("/proc/cpuinfo", "model name");
  report["cores"] = available_cores();
  report["isa"] = isa_report();
  report["isa_selected"] = name_of(runtime::choose_isa());
  const runtime::CacheSizes caches = runtime::cache_sizes();
  report["cache_bytes"] = {{"l1", caches.l1}, {"l2", caches.l2}, {"l3", caches.l3}};
  report["memory"] = proc_value("/proc/meminfo", "MemTotal");
  report["memory_available"] = proc_value("/proc/meminfo", "MemAvailable");
  report["torch"] = torch_info();
  report["optional_libraries"] = optional_libraries();
  return report;
}

}  // namespace

void add_doctor(CommandLine& line) {
  line.add_verb("doctor", "Machine, instruction sets, threads, and what this build can do",
                [](Flags& flags) -> CommandLine::Run {
                  auto json = std::make_shared<bool>(false);
                  flags.add("json", *json, "print JSON");
                  return [json] {
                    const Json report = examine();
                    if (*json) {
                      fmt::print("{}\n", report.dump(2));
                      return 0;
                    }
                    for (const auto& [key, value] : report.items()) {
                      fmt::print("{:<20} {}\n", key,
                                 value.is_string() ? value.get<std::string>() : value.dump());
                    }
                    return 0;
                  };
                });
}

}  // namespace nest
