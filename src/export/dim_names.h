#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nest/graph/dim.h"
#include "onnx_model.h"

namespace nest::exports {

/// Names for the lengths of a graph's ports that differ from run to run: "batch", "samples",
/// "frames", "tokens"; the same length has the same name everywhere.
class DimNames {
 public:
  std::vector<OnnxDim> named(std::string_view port, const graph::DimShape& shape);

 private:
  std::string name_of(std::string_view port, const graph::Dim& dim);

  std::map<std::string, std::string> names_;  ///< by the length's text
  std::set<std::string> taken_;
};

/// Numbers and names as texts.
std::vector<std::string> dim_texts(const std::vector<OnnxDim>& dims);

}  // namespace nest::exports
