#include "recognizer_arguments.h"

#include "nest/core/options.h"

namespace nest {

void register_flags(Flags& flags, RecognizerArguments& arguments, bool needs_model) {
  flags.group("Model");
  flags.add("model,checkpoint", arguments.model, ".pt, .safetensors or .prepared");
  if (needs_model) flags.required();
  register_flags(flags, arguments.load);
  register_flags(flags, arguments.recognize.decode);
}

recognize::Bundle bundle_of(const RecognizerArguments& arguments) {
  decode::validate(arguments.recognize.decode);
  return recognize::load_bundle(arguments.model, arguments.load);
}

}  // namespace nest
