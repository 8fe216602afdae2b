#include <fmt/format.h>

#include <memory>
#include <thread>

#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/parallel.h"

namespace nest {

void add_doctor(CommandLine& line) {
  line.add_verb("doctor", "Machine, instruction sets, threads, and what this build can do",
                [](Flags& flags) -> CommandLine::Run {
                  auto json = std::make_shared<bool>(false);
                  flags.add("json", *json, "print JSON");
                  return [json] {
                    Json report;
                    report["version"] = NEST_VERSION;
                    report["cores"] = available_cores();
                    if (*json) {
                      fmt::print("{}\n", report.dump(2));
                    } else {
                      for (const auto& [key, value] : report.items()) {
                        fmt::print("{:<12} {}\n", key, value.is_string() ? value.get<std::string>()
                                                                         : value.dump());
                      }
                    }
                    return 0;
                  };
                });
}

}  // namespace nest
