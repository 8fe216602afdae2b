#pragma once

#include <functional>
#include <map>
#include <string>

#include "nest/core/enum.h"
#include "nest/core/job.h"
#include "nest/core/tensor.h"
#include "nest/graph/model.h"

namespace nest::recognize {

/// Signals [channels, samples], loaded one at a time.
struct SignalSet {
  std::size_t count = 0;
  std::function<Tensor(std::size_t)> load;
};

/// Which products get a fixed scale; the others find theirs row by row as they run.
enum class FixedScales { kConvolutions, kAll };
EnumTable enum_table(FixedScales of);  ///< "convolutions", "all"

/// Scales of 8-bit activations by product (graph::Quantization::activations): every signal is
/// recognised in fp32, greedily, and the largest magnitude that went into a product becomes code
/// 127.
///
/// Errors: InvalidArgument for a signal that does not fit the model; those of signals.load;
/// Interrupted.
/// Cost: one recognition a signal, in constant memory.
std::map<std::string, graph::ActivationQuantization, std::less<>> calibrate_activations(
    const graph::Model& model, const SignalSet& signals,
    FixedScales fixed = FixedScales::kConvolutions, const Job& job = {});

}  // namespace nest::recognize
