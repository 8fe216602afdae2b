#pragma once

#include <memory>

#include "nest/core/tensor.h"
#include "nest/graph/activation_observer.h"
#include "nest/graph/model.h"

namespace nest::recognize {

/// Recognises signals in fp32, greedily, while an observer is shown what goes into every product:
/// what a calibration runs.
///
/// State: one caller at a time.
class ObservedModel {
 public:
  /// The observer must outlive this. Errors: InvalidArgument if the model has a quantization.
  ObservedModel(const graph::Model& model, graph::ActivationObserver& observer);
  ~ObservedModel();

  /// [channels, samples]; alone, so that nothing is padded. Errors: InvalidArgument for a signal
  /// that does not fit the model.
  void run(const Tensor& signal);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::recognize
