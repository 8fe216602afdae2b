#include <algorithm>
#include <cmath>

#include "nest/contract/processor.h"
#include "nest/core/error.h"
#include "nest/core/log.h"

namespace nest::contract {
namespace {

template <class T>
std::int64_t process_as(ContractProcessor& processor, const Tensor& samples,
                        signal::SignalView<float> out) {
  return processor.process(
      signal::SignalView<const T>(samples.data<T>().data(), samples.dim(0), samples.dim(1)), out);
}

template <class T>
void require_finite(const Tensor& samples, const SourceMatch& match, const SourceInfo& source) {
  const std::int64_t count = samples.dim(1);
  for (const std::int64_t row : match.rows) {
    const T* values = samples.data<T>().data() + row * count;
    const T* bad = std::find_if(values, values + count, [](T x) { return !std::isfinite(x); });
    require(bad == values + count, ErrorCode::kDataCorrupt,
            "{}: channel {} holds NaN or infinity at sample {}; repair the signal first",
            source.name, source.channels[static_cast<std::size_t>(row)].name, bad - values);
  }
}

}  // namespace

Tensor process_all(ContractProcessor& processor, const Tensor& samples) {
  const std::int64_t rows = processor.match().source_rows;
  require(samples.rank() == 2 && samples.dim(0) == rows, ErrorCode::kInvalidArgument,
          "samples of shape {}; [{}, samples] is needed", to_string(samples.shape()), rows);
  require(samples.dtype() == DType::kF32 || samples.dtype() == DType::kF64,
          ErrorCode::kInvalidArgument, "samples are {}; float32 or float64 is needed",
          name_of(samples.dtype()));
  const std::int64_t channels = processor.channels();
  const std::int64_t room = processor.max_output(samples.dim(1)) + processor.max_finish();
  Tensor wide(DType::kF32, {channels, room});
  const signal::SignalView<float> out(wide.mutable_data<float>().data(), channels, room);
  std::int64_t made = samples.dtype() == DType::kF32 ? process_as<float>(processor, samples, out)
                                                     : process_as<double>(processor, samples, out);
  made += processor.finish(out.slice(made, room - made));
  if (made == room) return wide;
  Tensor exact(DType::kF32, {channels, made});
  for (std::int64_t c = 0; c < channels; ++c) {
    std::copy_n(out.row(c), made, exact.mutable_data<float>().data() + c * made);
  }
  return exact;
}

signal::WindowNormOptions window_norm(const graph::SignalContract& contract) {
  if (!is_of_window(contract.normalization)) return {};
  return {.kind = from_name<signal::WindowNorm>(name_of(contract.normalization))};
}

Tensor prepare(const Tensor& samples, const SourceInfo& source,
               const graph::SignalContract& contract, const MatchOptions& options) {
  ContractProcessor processor(contract, match(source, contract, options));
  require(samples.rank() == 2 && samples.dim(0) == source.num_channels(),
          ErrorCode::kInvalidArgument, "{}: samples of shape {} for {} channels", source.name,
          to_string(samples.shape()), source.num_channels());
  if (samples.dtype() == DType::kF32) {
    require_finite<float>(samples, processor.match(), source);
  } else if (samples.dtype() == DType::kF64) {
    require_finite<double>(samples, processor.match(), source);
  }
  Tensor result = process_all(processor, samples);
  if (const auto warning = processor.amplitude_warning()) log_warn("{}", *warning);
  signal::normalize_window(window_norm(contract), result.mutable_data<float>(), result.dim(0));
  return result;
}

}  // namespace nest::contract
