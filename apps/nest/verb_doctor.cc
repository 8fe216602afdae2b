#include "nest/core/shared_library.h"
#include "nest/profile/machine.h"
#include "torch_half.h"
#include "verb.h"

namespace nest {
namespace {

Json examine() {
  Json report{{"version", NEST_VERSION}};
  report.update(profile::machine_json());
  report["torch"] = torch_info();
  for (const char* name : {"liblsl.so", "libonnxruntime.so"}) {  // opened at run time
    report["optional_libraries"][name] = has_shared_library(name);
  }
  return report;
}

int run_doctor(const VerbArguments& a) {
  const Json report = examine();
  std::string text;
  for (const auto& [key, value] : report.items()) {
    text += fmt::format("{:<20} {}\n", key,
                        value.is_string() ? value.get<std::string>() : value.dump());
  }
  return print_report(a.json, report, text);
}

}  // namespace

void add_doctor(CommandLine& line) {
  add_verb<VerbArguments>(
      line, "doctor", "Machine, instruction sets, threads, and what this build can do",
      [](Flags&, VerbArguments&) {}, run_doctor);
}

}  // namespace nest
