#pragma once

#include <memory>

#include "nest/decode/decoder.h"
#include "nest/graph/model.h"

namespace nest::decode {

/// The search space of a model on an executor: its family and special tokens, and step functions
/// that run its graphs.
///
/// State: as the executor's, which must outlive it. One decoder at a time.
class ModelSearchSpace {
 public:
  /// Errors: NotFound if the model lacks a graph of its family.
  explicit ModelSearchSpace(graph::Executor& executor);

  /// Points into this object.
  const SearchSpace& space() const { return space_; }

 private:
  std::unique_ptr<StepScorer> attention_;
  std::unique_ptr<TransducerScorer> transducer_;
  SearchSpace space_;
};

}  // namespace nest::decode
