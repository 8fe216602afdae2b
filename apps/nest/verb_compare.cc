#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/eval/compare.h"

namespace nest {
namespace {

struct Arguments {
  std::string a;
  std::string b;
  std::string output;
  bool json = false;
  eval::CompareOptions options;
};

int run(const Arguments& arguments) {
  const Json json = eval::compare_results(eval::load_results(arguments.a),
                                          eval::load_results(arguments.b), arguments.options);
  if (!arguments.output.empty()) write_text_file(arguments.output, json.dump(2) + "\n");
  if (arguments.json) {
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{}", eval::comparison_text(json));
  }
  return json.at("regression").get<bool>() ? exit_code(ErrorCode::kCheckFailed) : 0;
}

}  // namespace

void add_compare(CommandLine& line) {
  line.add_verb("compare", "Is results file B better or worse than A on the same utterances?",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<Arguments>();
                  flags.positional("a", a->a, "results file").required();
                  flags.positional("b", a->b, "results file").required();
                  flags.add("output", a->output, "write the JSON there as well");
                  flags.add("json", a->json, "print JSON");
                  register_flags(flags, a->options);
                  return [a] { return run(*a); };
                });
}

}  // namespace nest
