#include <algorithm>

#include "nest/core/error.h"
#include "nest/signal/preprocess.h"

namespace nest::signal {
namespace {

template <class T>
Tensor process(OnlinePreprocessor& preprocessor, const Tensor& samples, std::int64_t chunk) {
  const SignalView<const T> in(samples.data<T>().data(), samples.dim(0), samples.dim(1));
  const std::int64_t room = preprocessor.max_output(in.samples) + preprocessor.max_flush();
  Tensor output(samples.dtype(), {in.channels, room});
  const SignalView<T> out(output.mutable_data<T>().data(), in.channels, room);
  std::int64_t written = 0;
  for (std::int64_t start = 0; start < in.samples; start += chunk) {
    const std::int64_t count = std::min(chunk, in.samples - start);
    const auto result =
        preprocessor.process(in.slice(start, count), out.slice(written, room - written));
    require(!result.is_refused, ErrorCode::kDataCorrupt,
            "samples {} to {}: a value is NaN or infinite; `non_finite` hold or zero replaces it",
            start, start + count);
    written += result.samples;
  }
  written += preprocessor.flush(out.slice(written, room - written));
  if (written == room) return output;
  Tensor exact(samples.dtype(), {in.channels, written});
  for (std::int64_t c = 0; c < in.channels; ++c) {
    std::copy_n(out.row(c), written, exact.mutable_data<T>().data() + c * written);
  }
  return exact;
}

}  // namespace

Tensor process_all(OnlinePreprocessor& preprocessor, const Tensor& samples, std::int64_t chunk) {
  const bool is_single = samples.dtype() == DType::kF32;
  require((is_single || samples.dtype() == DType::kF64) && samples.rank() == 2 &&
              samples.dim(0) == preprocessor.options().channels,
          ErrorCode::kInvalidArgument, "samples are {} {}; float32 or float64 [{}, samples] needed",
          name_of(samples.dtype()), to_string(samples.shape()), preprocessor.options().channels);
  require(chunk >= 0, ErrorCode::kInvalidArgument, "chunk is {}; it must be at least 0", chunk);
  const std::int64_t step = chunk > 0 ? chunk : std::max<std::int64_t>(samples.dim(1), 1);
  return is_single ? process<float>(preprocessor, samples, step)
                   : process<double>(preprocessor, samples, step);
}

}  // namespace nest::signal
