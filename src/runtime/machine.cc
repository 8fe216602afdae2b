#include "nest/core/log.h"
#include "runtime/machine_impl.h"

namespace nest::runtime {
namespace {

std::unique_ptr<Machine::Impl> make(const MachineOptions& options) {
  validate(options);
  const Isa isa = choose_isa(options.isa);
  return std::unique_ptr<Machine::Impl>(new Machine::Impl{
      isa, &kernels_for(isa), Pool({options.threads, options.spin_us, options.pin_threads})});
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
