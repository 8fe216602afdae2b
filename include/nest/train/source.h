#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/signal/window_norm.h"

namespace nest::train {

/// Where in a signal some tokens are said.
struct SaidSpan {
  std::int64_t begin = 0, end = 0;  ///< samples
  std::int64_t tokens = 0;          ///< so many of the example's, in order
};

/// One utterance with its target.
struct Example {
  std::string id;
  std::string subject;
  Tensor signal;                     ///< float32 [C, T], filtered; see Source::window_norm
  std::vector<std::int64_t> tokens;  ///< without start, end and blank
  std::string text;
  std::int64_t lead = 0;         ///< samples of background before it,
  std::int64_t tail = 0;         ///< and behind it, that may be cut off
  std::vector<SaidSpan> said{};  ///< load_item(): of each part with text; they hold all tokens
};

/// Where examples come from: a dataset, memory, a generator.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::size_t size() const = 0;
  /// Samples of example i, without reading it.
  virtual std::int64_t num_samples(std::size_t i) const = 0;
  /// Groups that may be joined with one another (TrainOptions::augment.join).
  virtual std::string subject(std::size_t i) const = 0;
  /// Thread-safe. The same i always gives the same example.
  virtual Example load(std::size_t i) const = 0;
  /// Normalisation that still has to be done, after joining (load_item() does it).
  virtual signal::WindowNormOptions window_norm() const { return {}; }
};

/// Examples held in memory.
class MemorySource : public Source {
 public:
  explicit MemorySource(std::vector<Example> examples) : examples_(std::move(examples)) {}
  /// Reads everything once, so that later epochs do not filter again. Its normalisation stays to be
  /// done by `norm` (windows are normalised one by one, so theirs is none here).
  explicit MemorySource(const Source& source) : MemorySource(source, source.window_norm()) {}
  MemorySource(const Source& source, const signal::WindowNormOptions& norm);

  std::size_t size() const override { return examples_.size(); }
  std::int64_t num_samples(std::size_t i) const override { return examples_.at(i).signal.dim(1); }
  std::string subject(std::size_t i) const override { return examples_.at(i).subject; }
  Example load(std::size_t i) const override { return examples_.at(i); }
  signal::WindowNormOptions window_norm() const override { return window_norm_; }

 private:
  std::vector<Example> examples_;
  signal::WindowNormOptions window_norm_;
};

}  // namespace nest::train
