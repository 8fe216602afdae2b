#include "recognizer_arguments.h"

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest {

void register_flags(Flags& flags, RecognizerArguments& arguments) {
  flags.group("Model");
  flags.add("model,checkpoint", arguments.model, ".pt, .safetensors or .prepared");
  register_flags(flags, arguments.load);
  register_flags(flags, arguments.recognize.decode);
}

recognize::Bundle load_bundle(const RecognizerArguments& arguments) {
  require(!arguments.model.empty(), ErrorCode::kInvalidArgument, "--model is missing");
  decode::validate(arguments.recognize.decode);
  return recognize::load_bundle(arguments.model, arguments.load);
}

}  // namespace nest
