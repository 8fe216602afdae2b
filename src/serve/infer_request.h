#pragma once

#include <string>
#include <vector>

#include "serve/inference.h"
#include "serve/tensors.h"

namespace nest::serve {

/// An infer request of the v2 protocol, understood.
struct InferRequest {
  Json id;
  std::vector<Tensor> signals;  ///< [source channels, samples] each
  contract::SourceInfo source;
  struct Output {
    std::string name;
    bool is_binary = false;
  };
  std::vector<Output> outputs;

  bool wants_text() const;
};

/// Errors: RequestError naming the field.
InferRequest parse_infer_request(const Request& request, const ServedModel& model);

Response infer_response(const InferRequest& request, const InferenceAnswer& answer);

}  // namespace nest::serve
