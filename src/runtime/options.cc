#include "nest/runtime/options.h"

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/runtime/isa.h"

namespace nest::runtime {

void register_flags(Flags& flags, PrepareOptions& options) {
  flags.add("sparse", options.sparse, "skip blocks of zeros in weights that have enough of them");
  flags.add("rewrite", options.rewrite, "fold, reorder and fuse layers");
}

void validate(const PrepareOptions& /*options*/) {}

Json to_json(const PrepareOptions& options) {
  return {{"sparse", options.sparse},
          {"rewrite", options.rewrite},
          {"record_activations", options.record_activations}};
}

void register_flags(Flags& flags, MachineOptions& options) {
  flags.add("isa", options.isa, "instruction set (default: NEST_ISA or the strongest)");
  flags.add("threads", options.threads, "threads; 0: all cores");
  flags.add("spin-us", options.spin_us, "microseconds an idle worker spins before it sleeps");
  flags.add("pin-threads", options.pin_threads, "bind each worker to one core");
}

void validate(const MachineOptions& options) {
  if (!options.isa.empty()) isa_from_name(options.isa);
  require(options.threads >= 0 && options.threads <= 256, ErrorCode::kInvalidArgument,
          "threads is {}, must be 0 to 256", options.threads);
  require(options.spin_us >= 0 && options.spin_us <= 100000, ErrorCode::kInvalidArgument,
          "spin_us is {}, must be 0 to 100000", options.spin_us);
}

Json to_json(const MachineOptions& options) {
  return {{"isa", options.isa},
          {"threads", options.threads},
          {"spin_us", options.spin_us},
          {"pin_threads", options.pin_threads}};
}

}  // namespace nest::runtime
