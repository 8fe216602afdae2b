#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "frame_maker.h"
#include "nest/decode/search_space.h"
#include "nest/recognize/bundle.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/session.h"
#include "nest/stream/pipeline.h"
#include "segmenter.h"

namespace nest::stream {

/// One model with one decoder on an endless signal: filtered samples in, segments out.
///
/// State: one thread.
class Voice {
 public:
  /// Errors: those of StreamingInference's constructor.
  Voice(const recognize::Bundle& bundle, const StreamConfig& config,
        const decode::DecodeOptions& decoding, Clock& clock);

  const graph::Model& model() const { return prepared_->model(); }
  FrameMaker& frames() { return *frames_; }
  const FrameMaker& frames() const { return *frames_; }
  Segmenter& segmenter() { return segmenter_; }
  const Segmenter& segmenter() const { return segmenter_; }
  /// Decodes encoder frames; adds the time it takes to the ledger.
  void decode(std::span<const float> frames, LatencyLedger& ledger);
  /// What really runs, one line.
  std::string describe() const;

 private:
  /// What the decoder takes for the first frames of `frames`, which are cut off it.
  std::span<const float> head(std::span<const float>& frames);

  std::shared_ptr<const runtime::PreparedModel> prepared_;
  std::shared_ptr<runtime::Machine> machine_;
  Clock& clock_;
  std::unique_ptr<FrameMaker> frames_;
  std::int64_t block_;  ///< frames the CTC head takes at once
  std::int64_t dim_ = 0;
  std::optional<runtime::Session> head_;
  std::span<float> head_in_;
  std::span<const float> head_out_;
  runtime::NativeExecutor executor_;
  decode::ModelSearchSpace search_;
  Segmenter segmenter_;
};

}  // namespace nest::stream
