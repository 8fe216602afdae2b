#include <filesystem>

#include "nest/eval/compare.h"
#include "nest/eval/overview.h"
#include "verb.h"

namespace nest {
namespace {

struct CompareArguments : VerbArguments {
  std::vector<std::string> files;
  std::string output;
  bool table = false;
  eval::CompareOptions options;
};

int finish(const CompareArguments& a, const Json& json, const std::string& text,
           bool is_regression) {
  if (!a.output.empty()) write_text_file(a.output, json_text(json, 2) + "\n");
  fmt::print("{}", a.json ? json_text(json, 2) + "\n" : text);
  return is_regression ? exit_code(ErrorCode::kCheckFailed) : 0;
}

int run_compare(const CompareArguments& a) {
  require(a.files.size() >= 2, ErrorCode::kInvalidArgument,
          "compare needs two or more results files, {} given", a.files.size());
  std::vector<eval::NamedResults> runs;
  for (const std::string& file : a.files) {
    runs.push_back({std::filesystem::path(file).stem().string(), eval::load_results(file)});
  }
  if (a.table || runs.size() > 2) {
    const eval::Overview overview = eval::overview(runs, a.options, command_job());
    return finish(a, to_json(overview), eval::overview_text(overview), overview.is_regression());
  }
  const auto comparison =
      eval::compare_results(runs[0].results, runs[1].results, a.options, command_job());
  return finish(a, to_json(comparison), eval::comparison_text(comparison),
                comparison.is_regression());
}

}  // namespace

void add_compare(CommandLine& line) {
  add_verb<CompareArguments>(
      line, "compare", "Are runs better or worse than the first on the same utterances?",
      [](Flags& flags, CompareArguments& a) {
        flags.positional("files", a.files, "results files; the first is what the others change")
            .required();
        flags.add("output", a.output, "write the JSON there as well");
        flags.add("table", a.table, "one row a run (always with three or more)");
        register_flags(flags, a.options);
      },
      run_compare);
}

}  // namespace nest
