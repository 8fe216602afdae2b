#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/decode/scorer.h"
#include "nest/graph/model.h"

namespace nest::decode {

/// The state ports of a step graph as one flat row a hypothesis: ports in graph order, each without
/// its batch axis.
class StateLayout {
 public:
  explicit StateLayout(const graph::Graph& graph);
  /// Widths may depend on the memory's frames (location-aware attention).
  void bind(std::int64_t frames);
  std::int64_t size() const { return size_; }
  /// Adds the state inputs of n rows. Shapes: rows [n, size()].
  void scatter(std::span<const float> rows, std::int64_t n, TensorMap& inputs) const;
  /// Reads the state outputs of n rows. Shapes: rows [n, size()].
  void gather(const TensorMap& outputs, std::int64_t n, std::span<float> rows) const;

 private:
  struct Part {
    std::string input, output;
    graph::DimShape shape;
    std::size_t batch_axis;
    Shape bound;
    std::int64_t outer, inner;  ///< elements before and after the batch axis
  };
  std::vector<Part> parts_;
  std::int64_t size_ = 0;
};

/// "decoder_step" of an attention model (or another graph with its ports) on any executor.
class ExecutorStepScorer final : public StepScorer {
 public:
  /// Errors: NotFound if the model has no such graph.
  explicit ExecutorStepScorer(graph::Executor& executor, std::string graph = "decoder_step");
  std::int64_t vocab_size() const override { return vocab_size_; }
  std::int64_t state_size() const override { return layout_.size(); }
  std::int64_t memory_dim() const override { return memory_dim_; }
  void begin(std::span<const float> memory, std::span<const std::int64_t> lengths,
             std::int64_t max_frames) override;
  void step(std::span<const TokenId> tokens, std::span<const std::int32_t> utterances,
            std::span<const float> state_in, std::span<float> state_out, std::span<float> logits,
            std::span<float> attention) override;

 private:
  void gather_memory(std::span<const std::int32_t> utterances);

  graph::Executor& executor_;
  std::string graph_;
  StateLayout layout_;
  std::int64_t vocab_size_ = 0;
  std::int64_t memory_dim_ = 0;
  std::vector<float> memory_;
  std::vector<std::int64_t> lengths_;
  std::int64_t max_frames_ = 0;
  std::vector<std::int32_t> gathered_for_;
  std::unique_ptr<graph::Executor::Bound> bound_;  ///< the step with the memory of gathered_for_
  TensorMap inputs_;
};

/// "predictor" and "joiner" of a transducer on any executor.
class ExecutorTransducerScorer final : public TransducerScorer {
 public:
  explicit ExecutorTransducerScorer(graph::Executor& executor);
  std::int64_t vocab_size() const override { return vocab_size_; }
  std::int64_t state_size() const override { return layout_.size(); }
  std::int64_t memory_dim() const override { return memory_dim_; }
  std::int64_t prediction_dim() const override { return prediction_dim_; }
  void predict(std::span<const TokenId> tokens, std::span<const float> state_in,
               std::span<float> state_out, std::span<float> prediction) override;
  void join(std::span<const float> frame, std::span<const float> prediction,
            std::span<float> logits) override;

 private:
  graph::Executor& executor_;
  StateLayout layout_;
  std::int64_t vocab_size_ = 0;
  std::int64_t memory_dim_ = 0;
  std::int64_t prediction_dim_ = 0;
};

}  // namespace nest::decode
