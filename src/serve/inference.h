#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/models.h"

namespace nest::serve {

/// What became of the signals of one request.
struct InferenceAnswer {
  std::shared_ptr<ServedModel> model;  ///< that answered
  std::vector<recognize::EmissionResult> results;
  std::exception_ptr error;  ///< the first, if any
};

/// Puts signals into batches of a model and calls back once when all are answered, on a worker's
/// thread. Where the model was replaced meanwhile, its successor answers.
///
/// Shapes: raw samples [source channels, n] as `source` describes them. Errors: those of
/// ServedModel::prepare(), before anything is submitted.
void infer(Models& models, std::shared_ptr<ServedModel> model, const std::vector<Tensor>& samples,
           const contract::SourceInfo& source, bool wants_text,
           std::function<void(InferenceAnswer)> done);

/// Source that a client's parameters describe; what they leave out is as the contract says.
/// Errors: RequestError for a value of another type, or one channel named twice.
contract::SourceInfo source_of(const Json& parameters, const graph::SignalContract& contract,
                               std::int64_t rows);

}  // namespace nest::serve
