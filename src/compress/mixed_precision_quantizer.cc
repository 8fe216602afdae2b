#include "nest/compress/mixed_precision_quantizer.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "nest/compress/assignment.h"
#include "nest/core/error.h"
#include "nest/core/suggest.h"
#include "nest/graph/path.h"

namespace nest::compress {

double cost_of(const ModelMeasure& measure, PrecisionBudget::Of of) {
  return of == PrecisionBudget::Of::kBytes ? static_cast<double>(measure.bytes) : measure.ms;
}

graph::Precision precision_of_bits(int bits, graph::Precision sixteen) {
  switch (bits) {
    case 4:
      return graph::Precision::kInt4;
    case 8:
      return graph::Precision::kInt8;
    case 16:
      return sixteen;
    case 32:
      return graph::Precision::kFp32;
    default:
      fail(ErrorCode::kInvalidArgument, "{} bits; a layer has {}", bits, fmt::join(kBits, ", "));
  }
}

MixedPrecisionQuantizer::MixedPrecisionQuantizer(
    graph::Model model,
    std::map<std::string, graph::ActivationQuantization, std::less<>> activations,
    graph::Precision sixteen)
    : model_(std::move(model)), sixteen_(sixteen), layers_(layers_of(model_)) {
  require_float(model_);
  require(sixteen == graph::Precision::kFp16 || sixteen == graph::Precision::kBf16,
          ErrorCode::kInvalidArgument, "{} has not 16 bits; fp16 and bf16 have", name_of(sixteen));
  model_.quantization.activations = std::move(activations);
  graph::validate(model_.quantization, model_);
}

void MixedPrecisionQuantizer::set_layer_precision(std::string_view layer, int bits) {
  precision_of_bits(bits, sixteen_);
  bool is_there = false;
  std::vector<std::string> names;
  for (const Layer& candidate : layers_) {
    names.push_back(candidate.name);
    if (layer.empty() || !graph::is_below(candidate.name, layer)) continue;
    fixed_[candidate.name] = bits;
    is_there = true;
  }
  require(is_there, ErrorCode::kInvalidArgument,
          "the model has no layer '{}' with weights of a "
          "precision{}",
          layer, suggestion(layer, names));
}

Sensitivity MixedPrecisionQuantizer::compute_sensitivity(const MeasureModel& measure,
                                                         const Job& job) const {
  Sensitivity found;
  std::vector<const Layer*> free;
  for (const Layer& layer : layers_) {
    if (!fixed_.contains(layer.name)) free.push_back(&layer);
  }
  const auto runs = static_cast<std::int64_t>(free.size() * (kBits.size() - 1));
  Progress progress(job, "measure layers", runs, "models");
  found.floats = measure(with(fixed_));
  for (const Layer* layer : free) {
    LayerSensitivity made{layer->name, {{32, {}}}};
    for (const int bits : kBits) {
      if (bits == 32) continue;
      job.check_stop("no precision was assigned; run it again");
      auto alone = fixed_;
      alone[layer->name] = bits;
      const ModelMeasure measured = measure(with(alone));
      made.change[bits] = {measured.loss - found.floats.loss, measured.bytes - found.floats.bytes,
                           measured.ms - found.floats.ms};
      progress.advance();
    }
    found.layers.push_back(std::move(made));
  }
  return found;
}

bool MixedPrecisionQuantizer::auto_assign_precision(const Sensitivity& sensitivity,
                                                    const PrecisionBudget& budget) {
  std::vector<std::vector<AssignmentChoice>> choices;
  for (const LayerSensitivity& layer : sensitivity.layers) {
    const bool is_there = std::ranges::any_of(
        layers_, [&](const Layer& candidate) { return candidate.name == layer.layer; });
    require(is_there, ErrorCode::kInvalidArgument, "the model has no layer '{}'", layer.layer);
    std::vector<AssignmentChoice>& ways = choices.emplace_back();
    for (const auto& [bits, change] : layer.change) {
      // A layer that seems to gain by rounding gains by chance.
      ways.push_back({std::max(change.loss, 0.0), cost_of(change, budget.of)});
    }
  }
  const double floats = cost_of(sensitivity.floats, budget.of);
  double least = floats;
  for (const auto& layer : choices)
    least += std::ranges::min(layer, {}, &AssignmentChoice::cost).cost;
  require(least <= budget.most, ErrorCode::kInvalidArgument,
          "a budget of {:.6g} {} is less than the {:.6g} of the narrowest widths", budget.most,
          budget.of == PrecisionBudget::Of::kBytes ? "bytes" : "ms", least);
  const Assignment best = assign_choices(choices, budget.most - floats);
  assigned_.clear();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const LayerSensitivity& layer = sensitivity.layers[i];
    // Widest first, so that equal losses at equal cost keep the wider.
    assigned_[layer.layer] =
        std::next(layer.change.begin(), static_cast<std::ptrdiff_t>(best.chosen[i]))->first;
  }
  return best.is_exact;
}

graph::Model MixedPrecisionQuantizer::quantize() const {
  auto bits = assigned_;
  for (const auto& [layer, width] : fixed_) bits[layer] = width;
  return with(bits);
}

graph::Model MixedPrecisionQuantizer::with(
    const std::map<std::string, int, std::less<>>& bits) const {
  graph::Model made = model_;
  for (const auto& [layer, width] : bits) {
    if (width != 32) made.quantization.layers[layer] = {precision_of_bits(width, sixteen_)};
  }
  return made;
}

}  // namespace nest::compress
