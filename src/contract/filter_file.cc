#include <cmath>

#include "nest/contract/filter_recording.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/io/npy.h"
#include "nest/io/npy_recording.h"
#include "nest/io/write_recording.h"

namespace nest::contract {
namespace {

constexpr std::string_view kDtypes[] = {"float32", "float64", "same"};

std::shared_ptr<const io::Recording> open_input(const std::filesystem::path& input,
                                                const FilterFileOptions& options) {
  const double stated_hz = options.filter.preprocess.rate_hz;
  auto recording = io::open_recording(input, {.stream = options.stream, .rate_hz = stated_hz});
  const double rate_hz = recording->info().rate_hz;
  require(rate_hz > 0, ErrorCode::kInvalidArgument,
          "{}: the file states no sampling rate; give it with `rate_hz`", input.string());
  require(stated_hz == 0 || std::abs(stated_hz - rate_hz) <= 1e-6 * rate_hz,
          ErrorCode::kInvalidArgument, "{}: the file says {} Hz, `rate_hz` {}; leave that out",
          input.string(), rate_hz, stated_hz);
  return recording;
}

DType output_dtype(const std::string& dtype, const std::filesystem::path& input,
                   const io::RecordingInfo& info) {
  if (dtype != "same") return from_name<DType>(dtype);
  require(info.format == "NPY", ErrorCode::kInvalidArgument,
          "`dtype` same: {} is no .npy file; choose float32 or float64", input.string());
  return io::NpyFile::open(input).dtype();
}

void write_output(const std::filesystem::path& output, const io::Recording& result, DType dtype) {
  if (output.extension() != ".npy") {
    io::write_recording(output, result);
    return;
  }
  io::write_npy(output, result.read_all(DType::kF64).to(dtype));
  if (const std::size_t notes = result.info().annotations.size(); notes > 0) {
    log_warn("{}: an .npy file holds no annotations, {} are left out; write an .edf to keep them",
             output.string(), notes);
  }
}

}  // namespace

void visit_fields(FieldVisitor& visitor, FilterFileOptions& o) {
  visitor.part("", o.filter);
  visitor.field("stream", o.stream, "which part of the input (see nest inspect)");
  visitor.field("dtype", o.dtype, "element type of an .npy output", {}, {.choices = kDtypes});
}

FilteredRecording filter_file(const std::filesystem::path& input,
                              const std::filesystem::path& output,
                              const FilterFileOptions& options) {
  require(io::can_write_recording(output), ErrorCode::kInvalidArgument,
          "{}: the result is written as .npy or .edf", output.string());
  const auto recording = open_input(input, options);
  const DType dtype = output_dtype(options.dtype, input, recording->info());
  FilteredRecording filtered =
      with_context(input.string(), [&] { return filter_recording(*recording, options.filter); });
  write_output(output, *filtered.recording, dtype);
  return filtered;
}

}  // namespace nest::contract
