#include "nest/compress/distillation_options.h"

#include "nest/core/options.h"

namespace nest::compress {

void visit_fields(FieldVisitor& visitor, DistillationOptions& o) {
  visitor.field("teacher", o.teacher,
                "model whose outputs are learned too; default: the model itself as it came, if "
                "there is one");
  visitor.field("distillation_weight", o.weight,
                "part of the loss that is the distance from the teacher; default: 0.5 with a "
                "teacher, else 0",
                between(0, 1));
  visitor.field("temperature", o.temperature,
                "of both outputs where they are compared; higher: more of what is unlikely",
                above(0));
}

}  // namespace nest::compress
