#pragma once

#include <string>

#include "nest/core/tensor.h"
#include "nest/recognize/bundle.h"
#include "nest/recognize/emission_recognizer.h"

namespace nest::package {

/// What a model makes of an input, greedily.
struct GoldenResult {
  Tensor output;  ///< [frames, width]
  std::string text;
};

/// Runs inputs as a client would send them. State: one call at a time.
class GoldenRunner {
 public:
  explicit GoldenRunner(const recognize::Bundle& bundle);
  /// Shapes: input [source channels, samples] float32. Errors: those of contract::prepare().
  GoldenResult run(const Tensor& input);

 private:
  recognize::EmissionRecognizer recognizer_;
};

/// What differs: "" if nothing but rounding. `tolerance` times the largest magnitude is allowed.
std::string difference(const GoldenResult& found, const Tensor& output, const std::string& text,
                       double tolerance);

}  // namespace nest::package
