#include "nest/train/windows.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "nest/contract/processor.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/graph/frames.h"

namespace nest::train {
namespace {

/// In samples and frames of a model.
struct Cutter {
  std::int64_t window = 0;
  std::int64_t hop = 0;
  std::int64_t period = 0;
  std::int64_t window_frames = 0;
  std::int64_t lookahead_frames = 0;

  Cutter(const graph::Model& model, const data::TrainWindowOptions& o) {
    const double rate_hz = model.signal.rate_hz;
    require(rate_hz > 0, ErrorCode::kInvalidArgument,
            "the model states no sampling rate, so seconds cannot become samples");
    period = graph::samples_per_frame(model);
    window = std::llround(o.window_s * rate_hz);
    hop = std::max<std::int64_t>(period, std::llround(o.hop_s * rate_hz) / period * period);
    window_frames = graph::num_frames(model, window);
    lookahead_frames =
        static_cast<std::int64_t>(std::ceil(o.lookahead_s * rate_hz / static_cast<double>(period)));
    require_field(lookahead_frames + hop / period <= window_frames, "train_window_s",
                  "is {} frames, too short for its hop ({} frames) and look-ahead ({} frames)",
                  window_frames, hop / period, lookahead_frames);
  }

  /// First samples of the windows of a signal.
  std::vector<std::int64_t> starts(std::int64_t samples) const {
    std::vector<std::int64_t> at{0};
    while (at.back() + window + period <= samples)
      at.push_back(std::min(at.back() + hop, (samples - window) / period * period));
    return at;
  }
};

/// Windows of all items one after another, and which of their frames each item is made of.
struct Cut {
  std::vector<torch::Tensor> windows;
  std::vector<std::int64_t> lengths;
  std::vector<std::vector<std::int64_t>> frames;
};

void cut_item(const Cutter& cutter, const graph::Model& model, const torch::Tensor& signal,
              Cut& cut) {
  const std::int64_t samples = signal.size(1);
  const auto norm = contract::window_norm(model.signal);
  const std::vector<std::int64_t> starts = cutter.starts(samples);
  std::vector<std::int64_t>& frames = cut.frames.emplace_back();
  std::int64_t given = 0;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t length = std::min(cutter.window, samples - starts[i]);
    torch::Tensor window = signal.slice(1, starts[i], starts[i] + length).contiguous().clone();
    if (norm.kind != signal::WindowNorm::kNone) {
      signal::normalize_window(norm,
                               {window.data_ptr<float>(), static_cast<std::size_t>(window.numel())},
                               window.size(0));
    }
    const std::int64_t first = starts[i] / cutter.period;
    const bool is_last = i + 1 == starts.size();
    const std::int64_t until = first + (is_last ? graph::num_frames(model, length)
                                                : cutter.window_frames - cutter.lookahead_frames);
    const auto row = static_cast<std::int64_t>(cut.windows.size()) * cutter.window_frames;
    for (; given < until; ++given) frames.push_back(row + given - first);
    cut.windows.push_back(torch::constant_pad_nd(window, {0, cutter.window - length}));
    cut.lengths.push_back(length);
  }
}

}  // namespace

Batch in_windows(const Batch& whole, const graph::Model& model,
                 const data::TrainWindowOptions& options) {
  const Cutter cutter(model, options);
  Cut cut;
  for (std::int64_t b = 0; b < whole.size(); ++b) {
    const std::int64_t samples = whole.lengths[b].item<std::int64_t>();
    cut_item(cutter, model, whole.signal[b].slice(1, 0, samples), cut);
  }
  std::size_t longest = 0;
  for (const auto& frames : cut.frames) longest = std::max(longest, frames.size());
  Batch batch = whole;
  batch.signal = torch::stack(cut.windows);
  batch.lengths = torch::tensor(cut.lengths, torch::kInt64);
  batch.window_frames =
      torch::full({whole.size(), static_cast<std::int64_t>(longest)}, -1, torch::kInt64);
  for (std::int64_t b = 0; b < whole.size(); ++b) {
    const auto& frames = cut.frames[static_cast<std::size_t>(b)];
    batch.window_frames[b]
        .slice(0, 0, static_cast<std::int64_t>(frames.size()))
        .copy_(torch::tensor(frames, torch::kInt64));
  }
  return batch;
}

}  // namespace nest::train
