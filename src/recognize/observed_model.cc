#include "nest/recognize/observed_model.h"

#include "nest/decode/model_recognizer.h"
#include "nest/runtime/executor.h"

namespace nest::recognize {

struct ObservedModel::Impl {
  runtime::NativeExecutor executor;
  decode::ModelRecognizer recognizer;

  Impl(const graph::Model& model, graph::ActivationObserver& observer)
      : executor(runtime::prepare(model, {}, &observer)), recognizer(executor, {}) {}
};

ObservedModel::ObservedModel(const graph::Model& model, graph::ActivationObserver& observer)
    : impl_(std::make_unique<Impl>(model, observer)) {}
ObservedModel::~ObservedModel() = default;

void ObservedModel::run(const Tensor& signal) {
  impl_->recognizer.recognize({&signal, 1});
}

}  // namespace nest::recognize
