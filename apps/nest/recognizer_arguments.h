#pragma once

#include <string>

#include "nest/core/flags.h"
#include "nest/recognize/bundle.h"
#include "nest/recognize/recognizer.h"

namespace nest {

/// A model that decodes: the same flags on every verb that turns signals into text.
struct RecognizerArguments {
  std::string model;
  recognize::LoadOptions load;
  recognize::RecognizeOptions recognize;
};
void register_flags(Flags& flags, RecognizerArguments& arguments, bool needs_model = true);

/// Errors: those of recognize::load_bundle.
recognize::Bundle bundle_of(const RecognizerArguments& arguments);

}  // namespace nest
