#pragma once

#include <string>

#include "nest/core/options_fwd.h"

namespace nest::runtime {

/// How a model is made ready. What its numbers are is the model's own (graph::Quantization).
struct PrepareOptions {
  bool sparse = true;   ///< skip blocks of zeros in weights that have enough of them
  bool rewrite = true;  ///< fold, reorder and fuse; off to compare
};
void visit_fields(FieldVisitor& visitor, PrepareOptions& options);

/// The part of this machine that runs a model. No result depends on the threads; those of floats
/// depend in their last bits on the instruction set.
struct MachineOptions {
  std::string isa = {};  ///< empty: NEST_ISA or the strongest there is
  int threads = 1;       ///< 0: all cores
  int spin_us = 200;     ///< how long an idle worker spins before it sleeps
  bool pin_threads = false;
};
void visit_fields(FieldVisitor& visitor, MachineOptions& options);
/// Errors: FieldError.
void validate(const MachineOptions& options);

}  // namespace nest::runtime
