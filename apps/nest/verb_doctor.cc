#include "nest/core/shared_library.h"
#include "nest/profile/machine.h"
#include "torch_half.h"
#include "verb.h"

namespace nest {
namespace {

/// Libraries that are opened at run time if the user has them.
Json optional_libraries() {
  Json found = Json::object();
  for (const char* name : {"liblsl.so", "libonnxruntime.so"}) {
    found[name] = has_shared_library(name);
  }
  return found;
}

Json examine() {
  Json report;
  report["version"] = NEST_VERSION;
  report.update(profile::machine_json());
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
                    std::string text;
                    for (const auto& [key, value] : report.items()) {
                      text +=
                          fmt::format("{:<20} {}\n", key,
                                      value.is_string() ? value.get<std::string>() : value.dump());
                    }
                    return print_report(*json, report, text);
                  };
                });
}

}  // namespace nest
