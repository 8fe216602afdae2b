#pragma once

#include "nest/runtime/machine.h"
#include "runtime/kernels/kernels.h"
#include "runtime/pool.h"

namespace nest::runtime {

struct Machine::Impl {
  Isa isa;
  const Kernels* kernels;
  Pool pool;
};

}  // namespace nest::runtime
