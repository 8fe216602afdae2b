#pragma once

#include "runtime/kernels/kernels.h"

namespace nest::runtime {

/// The kernels of an instruction set, with what this machine was measured to do faster another way
/// in its place (nest/runtime/choices.h). Errors: those of kernels_for().
const Kernels& measured_kernels(Isa isa);

}  // namespace nest::runtime
