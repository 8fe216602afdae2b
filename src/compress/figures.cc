#include "nest/compress/figures.h"

#include "nest/compress/prunable.h"
#include "nest/core/json.h"
#include "nest/graph/cost.h"
#include "nest/graph/pass_cost.h"

namespace nest::compress {

ModelFigures figures_of(const graph::Model& model) {
  const graph::PassCost pass = graph::pass_cost(model);
  ModelFigures figures;
  figures.parameters = model.num_parameters();
  figures.macs = pass.macs;
  figures.samples = pass.samples;
  figures.weight_bytes = graph::weight_bytes(model);
  figures.sparsity = sparsity_of(model).overall;
  return figures;
}

Json to_json(const ModelFigures& figures) {
  return {{"parameters", figures.parameters},
          {"macs", figures.macs},
          {"macs_samples", figures.samples},
          {"weight_bytes", figures.weight_bytes},
          {"sparsity", figures.sparsity}};
}

}  // namespace nest::compress
