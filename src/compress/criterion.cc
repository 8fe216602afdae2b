#include "nest/compress/criterion.h"

#include <cmath>

#include "nest/core/error.h"

namespace nest::compress {
namespace {

const Tensor& statistic_of(const TensorMap& statistics, const PrunableWeight& weight,
                           std::string_view what) {
  const auto found = statistics.find(weight.name);
  require(found != statistics.end(), ErrorCode::kNotFound,
          "no {} for weight '{}'; measure them for every weight that is to be pruned", what,
          weight.name);
  return found->second;
}

/// For each column of a weight the place of its value in a statistic; [columns] or [shape[1]].
std::int64_t columns_a_value(const PrunableWeight& weight, const Tensor& statistic) {
  const std::int64_t columns = weight.columns(), count = statistic.numel();
  const std::int64_t inputs = weight.shape.size() > 1 ? weight.shape[1] : columns;
  require(count == columns || count == inputs, ErrorCode::kInvalidArgument,
          "activations of weight '{}' are {} values; it has {} columns of {} inputs", weight.name,
          count, columns, inputs);
  return count == 0 ? 1 : columns / count;
}

}  // namespace

EnumTable enum_table(PruneCriterion /*of*/) {
  static constexpr EnumName kNames[] = {{PruneCriterion::kMagnitude, "magnitude"},
                                        {PruneCriterion::kGradient, "gradient"},
                                        {PruneCriterion::kActivation, "activation"}};
  return {"pruning criterion", kNames};
}

std::vector<float> element_scores(PruneCriterion criterion, const PrunableWeight& weight,
                                  const Tensor& values, const PruneStatistics& statistics) {
  const Tensor w = values.to(DType::kF32);
  const auto data = w.data<float>();
  std::vector<float> scores(data.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = std::abs(data[i]);
  if (criterion == PruneCriterion::kGradient) {
    const Tensor& given = statistic_of(statistics.gradients, weight, "gradient");
    require(given.shape() == weight.shape, ErrorCode::kInvalidArgument,
            "the gradient of weight '{}' is {}, the weight {}", weight.name,
            to_string(given.shape()), to_string(weight.shape));
    const Tensor gradient = given.to(DType::kF32);
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] *= std::abs(gradient.data<float>()[i]);
  } else if (criterion == PruneCriterion::kActivation) {
    const Tensor given =
        statistic_of(statistics.activations, weight, "activations").to(DType::kF32);
    const auto columns = static_cast<std::size_t>(weight.columns());
    const auto step = static_cast<std::size_t>(columns_a_value(weight, given));
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] *= std::abs(given.data<float>()[i % columns / step]);
  }
  for (const float score : scores) {
    require(std::isfinite(score), ErrorCode::kInvalidArgument,
            "the {} scores of weight '{}' are no numbers everywhere; the weights or the data hold "
            "NaN or infinity",
            name_of(criterion), weight.name);
  }
  return scores;
}

}  // namespace nest::compress
