#include "nest/recognize/decoding_options.h"

#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::recognize {

void visit_fields(FieldVisitor& visitor, DecodingOptions& o) {
  visitor.group("Model");
  visitor.field("model", o.model, ".pt, .safetensors or .prepared", {},
                {.flag = "model,checkpoint"});
  visitor.part("", o.load);
  visitor.part("", o.recognize.decode);
}

Bundle load_bundle(const DecodingOptions& options) {
  require_field(!options.model.empty(), "model", "is missing; it is the file of the model");
  decode::validate(options.recognize.decode);
  return load_bundle(options.model, options.load);
}

}  // namespace nest::recognize
