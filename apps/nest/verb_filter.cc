#include <memory>

#include <fmt/format.h>

#include "nest/contract/filter_recording.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "terminal.h"

namespace nest {
namespace {

struct FilterArguments {
  contract::FilterFileOptions filter;
  bool json = false;
  std::string input;
  std::string output;
};

int run_filter(const FilterArguments& a) {
  const auto filtered = contract::filter_file(a.input, a.output, a.filter);
  Json json = {{"input", a.input}, {"output", a.output}};
  json.update(to_json(filtered));
  return print_report(a.json, json, fmt::format("{}: {}", a.output, filtered_text(filtered)));
}

}  // namespace

void add_filter(CommandLine& line) {
  line.add_verb(
      "filter", "Causal band-pass, notch, re-reference, resample and scale a recording or array",
      [](Flags& flags) -> CommandLine::Run {
        auto a = std::make_shared<FilterArguments>();
        a->filter.filter.preprocess.bandpass_hz.clear();
        a->filter.filter.preprocess.rate_hz = 0;
        flags
            .positional("input", a->input,
                        "any readable recording, or a [channels, samples] .npy with --rate")
            .required();
        flags.positional("output", a->output, ".npy, or .edf, which keeps annotations").required();
        register_flags(flags, a->filter);
        flags.add("json", a->json, "print JSON");
        return [a] { return run_filter(*a); };
      });
}

}  // namespace nest
