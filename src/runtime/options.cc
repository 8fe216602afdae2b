#include "nest/runtime/options.h"

#include "nest/core/options.h"
#include "nest/runtime/isa.h"

namespace nest::runtime {

void visit_fields(FieldVisitor& visitor, PrepareOptions& o) {
  visitor.field("sparse", o.sparse, "skip blocks of zeros in weights that have enough of them");
  visitor.field("rewrite", o.rewrite, "fold, reorder and fuse layers");
}

void visit_fields(FieldVisitor& visitor, MachineOptions& o) {
  visitor.field("isa", o.isa, "instruction set (default: NEST_ISA or the strongest)");
  visitor.field("threads", o.threads, "threads; 0: all cores", between(0, 256));
  visitor.field("spin_us", o.spin_us, "microseconds an idle worker spins before it sleeps",
                between(0, 100000));
  visitor.field("pin_threads", o.pin_threads, "bind each worker to one core");
}

void validate(const MachineOptions& o) {
  check_fields(o);
  if (!o.isa.empty()) from_name<Isa>(o.isa);
}

}  // namespace nest::runtime
