#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "nest/contract/filter_recording.h"
#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/io/npy.h"
#include "nest/io/npy_recording.h"
#include "nest/io/write_recording.h"
#include "terminal.h"

namespace nest {
namespace {

struct FilterArguments {
  contract::FilterRecordingOptions filter;
  std::string stream;
  std::string dtype = "float64";
  bool json = false;
  std::string input;
  std::string output;
};

std::shared_ptr<const io::Recording> open_input(const FilterArguments& a) {
  const double stated_hz = a.filter.preprocess.rate_hz;
  auto recording = io::open_recording(a.input, {.stream = a.stream, .rate_hz = stated_hz});
  const double rate_hz = recording->info().rate_hz;
  require(rate_hz > 0, ErrorCode::kInvalidArgument,
          "{}: the file states no sampling rate; give it with --rate", a.input);
  require(stated_hz == 0 || std::abs(stated_hz - rate_hz) <= 1e-6 * rate_hz,
          ErrorCode::kInvalidArgument, "{}: the file says {} Hz, --rate {}; leave --rate out",
          a.input, rate_hz, stated_hz);
  return recording;
}

DType output_dtype(const FilterArguments& a, const io::RecordingInfo& input) {
  if (a.dtype != "same") return from_name<DType>(a.dtype);
  require(input.format == "NPY", ErrorCode::kInvalidArgument,
          "--dtype same: {} is no .npy file; choose float32 or float64", a.input);
  return io::NpyFile::open(a.input).dtype();
}

void write_output(const FilterArguments& a, const io::Recording& result, DType dtype) {
  if (std::filesystem::path(a.output).extension() != ".npy") {
    io::write_recording(a.output, result);
    return;
  }
  io::write_npy(a.output, result.read_all(DType::kF64).to(dtype));
  if (const std::size_t notes = result.info().annotations.size(); notes > 0) {
    log_warn("{}: an .npy file holds no annotations, {} are left out; write an .edf to keep them",
             a.output, notes);
  }
}

int run_filter(const FilterArguments& a) {
  require(io::can_write_recording(a.output), ErrorCode::kInvalidArgument,
          "{}: the result is written as .npy or .edf", a.output);
  const auto recording = open_input(a);
  const DType dtype = output_dtype(a, recording->info());
  const auto filtered =
      with_context(a.input, [&] { return contract::filter_recording(*recording, a.filter); });
  write_output(a, *filtered.recording, dtype);
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
        a->filter.preprocess.bandpass_hz.clear();
        a->filter.preprocess.rate_hz = 0;
        flags
            .positional("input", a->input,
                        "any readable recording, or a [channels, samples] .npy with --rate")
            .required();
        flags.positional("output", a->output, ".npy, or .edf, which keeps annotations").required();
        register_flags(flags, a->filter);
        flags.add("stream", a->stream, "which part of the input (see nest inspect)");
        flags.add("dtype", a->dtype, "element type of an .npy output")
            .choices({"float32", "float64", "same"});
        flags.add("json", a->json, "print JSON");
        return [a] { return run_filter(*a); };
      });
}

}  // namespace nest
