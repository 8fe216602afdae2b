#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include "nest/core/error.h"
#include "nest/decode/decoder.h"
#include "score_math.h"

/// The searches behind the public front classes, one file each.
namespace nest::decode {

std::unique_ptr<Decoder> make_ctc_greedy(const SearchSpace& space, const DecodeOptions& options);
std::unique_ptr<Decoder> make_ctc_beam(const SearchSpace& space, const DecodeOptions& options,
                                       std::shared_ptr<const Fusion> fusion);
std::unique_ptr<Decoder> make_rnnt_greedy(const SearchSpace& space, const DecodeOptions& options);
std::unique_ptr<Decoder> make_rnnt_beam(const SearchSpace& space, const DecodeOptions& options,
                                        std::shared_ptr<const Fusion> fusion);
std::unique_ptr<Decoder> make_attention_greedy(const SearchSpace& space,
                                               const DecodeOptions& options);
std::unique_ptr<Decoder> make_attention_beam(const SearchSpace& space, const DecodeOptions& options,
                                             std::shared_ptr<const Fusion> fusion);
/// All utterances in one search.
std::vector<std::vector<Hypothesis>> decode_attention_batch(
    const SearchSpace& space, const DecodeOptions& options, const Fusion& fusion, bool is_greedy,
    std::span<const std::span<const float>> utterances);

/// Splits `frames` into rows and checks each for NaN before `take` sees it.
template <class Take>
void for_each_frame(std::span<const float> frames, std::size_t dim, std::int32_t frame,
                    Take&& take) {
  require(frames.size() % dim == 0, ErrorCode::kInvalidArgument,
          "{} values are not a whole number of frames of {}", frames.size(), dim);
  for (std::size_t begin = 0; begin < frames.size(); begin += dim, ++frame) {
    const std::span<const float> row = frames.subspan(begin, dim);
    bool has_nan = false;
    for (float x : row) has_nan |= x != x;
    require(!has_nan, ErrorCode::kDataCorrupt, "frame {} holds NaN", frame);
    take(row);
  }
}

/// Writes log_softmax(frame / temperature) unless the temperature is 1.
inline void log_softmax_if(std::span<const float> frame, double temperature, std::span<float> out) {
  if (temperature != 1) log_softmax<float, float>(frame, temperature, out);
}

/// Sorts by score, best first, and keeps `count`. Stable, so equal scores keep their search order.
inline void rank(std::vector<Hypothesis>& hypotheses, int count) {
  std::stable_sort(hypotheses.begin(), hypotheses.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  if (hypotheses.size() > static_cast<std::size_t>(count)) {
    hypotheses.resize(static_cast<std::size_t>(count));
  }
}

}  // namespace nest::decode
