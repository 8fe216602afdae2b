#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/io/npy.h"
#include "nest/signal/design.h"
#include "nest/signal/preprocess.h"
#include "terminal.h"

namespace nest {
namespace {

struct FilterArguments {
  signal::OnlinePreprocessorOptions preprocess;
  std::int64_t chunk = 0;
  std::string dtype = "float64";
  bool json = false;
  std::string input;
  std::string output;
};

Tensor load_signal(const std::string& path) {
  const Tensor signal = io::read_npy(path);
  require(signal.rank() == 2 && signal.dim(0) > 0, ErrorCode::kDataCorrupt,
          "{}: shape {}; a [channels, samples] array is needed", path, to_string(signal.shape()));
  return signal;
}

int run_filter(FilterArguments& a) {
  const Tensor stored = load_signal(a.input);
  require(a.chunk >= 0, ErrorCode::kInvalidArgument, "--chunk {}: give a positive number", a.chunk);
  const DType dtype = a.dtype == "same" ? stored.dtype() : from_name<DType>(a.dtype);
  a.preprocess.channels = static_cast<int>(stored.dim(0));
  signal::OnlinePreprocessor preprocessor(a.preprocess);
  // Work in double unless the result is single anyway; the filters' state always is double.
  const bool is_single = stored.dtype() == DType::kF32 && dtype == DType::kF32;
  const Tensor result =
      process_all(preprocessor, is_single ? stored : stored.to(DType::kF64), a.chunk);
  io::write_npy(a.output, result.to(dtype));

  const signal::PreprocessCounts& counts = preprocessor.counts();
  const double settling = signal::settling_samples(preprocessor.sos());
  const Json report{{"input", a.input},
                    {"output", a.output},
                    {"shape", result.shape()},
                    {"dtype", name_of(dtype)},
                    {"output_rate_hz", preprocessor.output_rate_hz()},
                    {"replaced_values", counts.non_finite},
                    {"settling_samples", settling},
                    {"sos", signal::sos_to_json(preprocessor.sos())},
                    {"options", to_json(a.preprocess)}};
  return print_report(
      a.json, report,
      fmt::format("{}: {} channels x {} samples at {} Hz, {}\n"
                  "second-order sections  {}\n"
                  "settling time (1 %)    {:.3g} s\n"
                  "values replaced        {}\n",
                  a.output, result.dim(0), result.dim(1), preprocessor.output_rate_hz(),
                  name_of(dtype), preprocessor.sos().size(), settling / a.preprocess.rate_hz,
                  counts.non_finite));
}

}  // namespace

void add_filter(CommandLine& line) {
  line.add_verb("filter", "Causal band-pass, notch, re-reference, resample and scale a signal file",
                [](Flags& flags) -> CommandLine::Run {
                  auto a = std::make_shared<FilterArguments>();
                  a->preprocess.bandpass_hz.clear();
                  flags.positional("input", a->input, "[channels, samples] .npy").required();
                  flags.positional("output", a->output, ".npy to write").required();
                  register_flags(flags, a->preprocess);
                  flags.group("Run");
                  flags.add("chunk", a->chunk, "samples a step; 0: all at once (same result)");
                  flags.add("dtype", a->dtype, "element type of the output")
                      .choices({"float32", "float64", "same"});
                  flags.add("json", a->json, "print JSON");
                  return [a] { return run_filter(*a); };
                });
}

}  // namespace nest
