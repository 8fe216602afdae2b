#include <cstdlib>

#include "nest/core/log.h"
#include "runtime/machine_impl.h"
#include "runtime/measured_kernels.h"

namespace nest::runtime {
namespace {

std::unique_ptr<Machine::Impl> make(const MachineOptions& options) {
  validate(options);
  const Isa isa = choose_isa(options.isa);
  // Who forces an instruction set wants its kernels, whatever is faster here.
  const bool is_forced = !options.isa.empty() || std::getenv("NEST_ISA") != nullptr;
  return std::unique_ptr<Machine::Impl>(
      new Machine::Impl{isa, is_forced ? &kernels_for(isa) : &measured_kernels(isa),
                        Pool({options.threads, options.spin_us, options.pin_threads})});
}

}  // namespace

Machine::Machine(const MachineOptions& options) : impl_(make(options)) {
  log_debug("native runtime: {}, {} threads", name_of(isa()), threads());
}
Machine::~Machine() = default;

Isa Machine::isa() const {
  return impl_->isa;
}
int Machine::threads() const {
  return impl_->pool.threads();
}

}  // namespace nest::runtime
