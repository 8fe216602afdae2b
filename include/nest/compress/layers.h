#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nest/graph/model.h"

namespace nest::compress {

/// A node whose weights a quantization has a say in.
struct Layer {
  std::string name;
  std::string kind;             ///< graph::kind_name()
  std::int64_t parameters = 0;  ///< of its matrices
};
/// Of all graphs, each once, in the order of graphs and nodes.
std::vector<Layer> layers_of(const graph::Model& model);
/// "conv, linear, lstm": the kinds there are.
std::string kinds_text(const std::vector<Layer>& layers);

/// Errors: InvalidArgument if the model has a quantization; the original float model is wanted.
void require_float(const graph::Model& model);

/// Takes away the fixed activation scales of all but convolutions.
void keep_convolutions(graph::Model& model);
/// Takes away the fixed activation scales of convolutions: they multiply floats then, by what their
/// codes stand for.
void drop_convolution_scales(graph::Model& model);

}  // namespace nest::compress
