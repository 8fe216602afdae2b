#pragma once

#include <memory>

#include "nest/runtime/isa.h"
#include "nest/runtime/options.h"

namespace nest::runtime {

/// The kernels of one instruction set and a team of threads, for executors and sessions that run in
/// turns on one thread.
class Machine {
 public:
  /// Errors: InvalidArgument; Unsupported if the instruction set does not run here.
  explicit Machine(const MachineOptions& options = {});
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Isa isa() const;
  int threads() const;

  struct Impl;
  Impl& impl() const { return *impl_; }  ///< of src/runtime

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::runtime
