#include "nest/core/config.h"
#include "nest/profile/comparison.h"
#include "nest/profile/machine.h"
#include "nest/profile/profile_run.h"
#include "nest/profile/regression.h"
#include "nest/profile/roofline.h"
#include "nest/runtime/isa.h"
#include "verb.h"

namespace nest {
namespace {

struct ProfileArguments : VerbArguments {
  std::string model;
  std::vector<std::string> compare;
  deploy::LoadOptions load;
  recognize::ExecutorOptions executor;
  profile::ProfileOptions profile;
  std::string trace, roofline, against, output;
  std::string max_regression = "5%";
};

int compare_models(const ProfileArguments& a) {
  std::vector<std::string> files{a.model};
  files.insert(files.end(), a.compare.begin(), a.compare.end());
  const auto rows = profile::ComparisonBenchmark::compare_files(files, a.load, a.executor,
                                                                a.profile.work, command_job());
  Json json = Json::array();
  for (const auto& row : rows) json.push_back(to_json(row));
  return print_report(a.json, json, profile::ComparisonBenchmark::print_comparison(rows));
}

int run_profile(const ProfileArguments& a) {
  if (!a.compare.empty()) return compare_models(a);
  const double limit = profile::parse_percent(a.max_regression);
  const Json before = a.against.empty() ? Json() : parse_json(read_text_file(a.against), a.against);
  const auto runnable = recognize::load_runnable(a.model, a.load, a.executor);
  const profile::ProfileReport report = profile::profile_model(runnable, a.profile, command_job());
  Json json = to_json(report);
  std::string text = profile::report_text(report);
  if (!a.trace.empty()) {
    Trace trace;
    profile::trace_model(trace, runnable, a.profile.work);
    trace.write(a.trace);
  }
  if (!a.roofline.empty()) {
    const Json peaks = profile::peaks_json(runtime::choose_isa(a.executor.machine.isa));
    write_text_file(a.roofline, profile::roofline_svg(profile::timed_layers(report), peaks,
                                                      a.model + ", " + report.executor));
  }
  bool is_slower = false;
  if (!a.against.empty()) {
    const auto change =
        with_context(a.against, [&] { return profile::find_regressions(before, json, limit); });
    is_slower = change.has_regression();
    json["regression"] = to_json(change);
    text += profile::regression_text(change);
  }
  if (!a.output.empty()) write_text_file(a.output, json_text(json, 0) + "\n");
  print_report(a.json, json, text);
  return is_slower ? exit_code(ErrorCode::kCheckFailed) : 0;
}

}  // namespace

void add_profile(CommandLine& line) {
  add_verb<ProfileArguments>(
      line, "profile", "Parameters, operations, memory and time of every layer of a model",
      [](Flags& flags, ProfileArguments& a) {
        flags.add("model,checkpoint", a.model, ".pt, .safetensors or .prepared").required();
        flags.add("compare", a.compare, "more models: one table of all, timed in turns");
        flags.add("trace", a.trace, "write some runs as a trace for ui.perfetto.dev there");
        flags.add("roofline", a.roofline, "draw (SVG) what layers reach of the machine's peaks");
        flags.add("against", a.against, "an earlier report; exit code 1 if a layer got slower");
        flags.add("max-regression", a.max_regression, "how much slower is allowed: 5%");
        flags.add("output", a.output, "write the JSON there as well");
        register_flags(flags, a.profile);
        flags.group("Model");
        register_flags(flags, a.load);
        register_flags(flags, a.executor);
      },
      run_profile);
}

}  // namespace nest
