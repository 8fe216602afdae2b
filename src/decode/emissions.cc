#include "nest/decode/emissions.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/graph/frames.h"
#include "nest/text/tokenizer.h"

namespace nest::decode {
namespace {

const Tensor& output_of(const TensorMap& outputs, std::string_view port) {
  const auto it = outputs.find(port);
  require(it != outputs.end(), ErrorCode::kInternal, "the executor returned no '{}'", port);
  return it->second;
}

/// Signals behind each other, short ones padded with zeros. Shapes: [B, C, longest].
Tensor padded(std::span<const Tensor> signals, std::int64_t longest) {
  const auto count = static_cast<std::int64_t>(signals.size());
  const std::int64_t channels = signals[0].dim(0);
  Tensor batch(DType::kF32, {count, channels, longest});
  float* out = batch.mutable_data<float>().data();
  for (const Tensor& signal : signals) {
    const std::int64_t samples = signal.dim(1);
    const float* in = signal.data<float>().data();
    for (std::int64_t c = 0; c < channels; ++c, out += longest)
      std::copy_n(in + c * samples, samples, out);
  }
  return batch;
}

}  // namespace

void check_signal(const graph::Model& model, std::size_t index, const Tensor& signal) {
  const std::int64_t channels = model.signal.num_channels;
  require(signal.dtype() == DType::kF32 && signal.rank() == 2 &&
              (channels == 0 || signal.dim(0) == channels),
          ErrorCode::kInvalidArgument, "signal {} is {} {}; the model takes float32 [{}, samples]",
          index, name_of(signal.dtype()), to_string(signal.shape()), channels);
  require(graph::num_frames(model, signal.dim(1)) > 0, ErrorCode::kInvalidArgument,
          "signal {} has {} samples, too few for one encoder frame", index, signal.dim(1));
}

std::span<const float> Emissions::of(std::size_t index) const {
  const auto stride = static_cast<std::size_t>(frames.dim(1) * frames.dim(2));
  return frames.data<float>().subspan(index * stride,
                                      static_cast<std::size_t>(lengths.at(index) * frames.dim(2)));
}

Emissions emissions_of(graph::Executor& executor, std::span<const Tensor> signals) {
  const graph::Model& model = executor.model();
  std::vector<std::int64_t> samples;
  Emissions result;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    check_signal(model, i, signals[i]);
    samples.push_back(signals[i].dim(1));
    result.lengths.push_back(graph::num_frames(model, samples.back()));
  }
  const std::int64_t longest = *std::max_element(samples.begin(), samples.end());
  const bool is_padded = *std::min_element(samples.begin(), samples.end()) != longest;
  const Shape count{static_cast<std::int64_t>(signals.size())};
  TensorMap inputs{{"eeg_data", padded(signals, longest)}};
  if (is_padded) inputs["lengths"] = Tensor::from<std::int64_t>(count, samples);
  result.frames = output_of(executor.run("encoder", inputs), "encoder_output");
  if (model.family != graph::Family::kCtc) return result;
  TensorMap head{{"encoder_output", result.frames}};
  if (is_padded) head["lengths"] = Tensor::from<std::int64_t>(count, result.lengths);
  result.frames = output_of(executor.run("ctc_head", head), "log_probs");
  return result;
}

double frame_seconds(const graph::Model& model) {
  const double rate_hz = model.signal.rate_hz;
  return rate_hz > 0 ? static_cast<double>(graph::samples_per_frame(model)) / rate_hz : 0;
}

Recognition recognition_of(std::vector<Hypothesis> nbest, double frame_s,
                           const text::Tokenizer* tokenizer) {
  Recognition result;
  for (Hypothesis& h : nbest) {
    set_times(h, frame_s);
    result.nbest_texts.push_back(text_of(h.tokens, tokenizer));
  }
  const Hypothesis& best = nbest.front();
  result.tokens = best.tokens;
  result.times = best.times;
  result.confidences = best.confidences;
  result.text = result.nbest_texts.front();
  result.nbest = std::move(nbest);
  return result;
}

}  // namespace nest::decode
