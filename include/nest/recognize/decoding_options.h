#pragma once

#include <string>

#include "nest/core/options_fwd.h"
#include "nest/recognize/bundle.h"
#include "nest/recognize/recognizer.h"

namespace nest::recognize {

/// A model that decodes: what everything that turns signals into text is told.
struct DecodingOptions {
  std::string model = {};  ///< .pt, .safetensors or .prepared
  LoadOptions load = {};
  RecognizeOptions recognize = {};
};
void visit_fields(FieldVisitor& visitor, DecodingOptions& options);

/// Errors: FieldError without a model; those of decode::validate() and of the other load_bundle().
Bundle load_bundle(const DecodingOptions& options);

}  // namespace nest::recognize
