#pragma once

#include <string>

#include "nest/signal/sos.h"
#include "onnx_builder.h"

namespace nest::exports {

/// A causal cascade over x [rows, samples] float64, begun in the steady state of its first column.
std::string filtered(OnnxBuilder& onnx, const std::string& x, const signal::Sos& sos,
                     std::int64_t rows);

/// Exponentially weighted normalisation of x [rows, samples] float64; see signal::Normalization.
std::string running_normalized(OnnxBuilder& onnx, const std::string& x, std::int64_t rows,
                               double samples_of_memory);

/// A float64 constant.
std::string doubles(OnnxBuilder& onnx, const std::string& name, Shape shape,
                    const std::vector<double>& values);

}  // namespace nest::exports
