#include "nest/contract/filter_recording.h"
#include "verb.h"

namespace nest {
namespace {

struct FilterArguments : VerbArguments {
  contract::FilterFileOptions filter;
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
  add_verb<FilterArguments>(
      line, "filter",
      "Causal band-pass, notch, re-reference, resample and scale a recording or array",
      [](Flags& flags, FilterArguments& a) {
        a.filter.filter.preprocess.bandpass_hz.clear();
        a.filter.filter.preprocess.rate_hz = 0;
        flags
            .positional("input", a.input,
                        "any readable recording, or a [channels, samples] .npy with --rate")
            .required();
        flags.positional("output", a.output, ".npy, or .edf, which keeps annotations").required();
        register_flags(flags, a.filter);
      },
      run_filter);
}

}  // namespace nest
