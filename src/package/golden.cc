#include "package/golden.h"

#include <algorithm>
#include <cmath>

#include "nest/contract/processor.h"
#include "nest/core/error.h"

namespace nest::package {

GoldenRunner::GoldenRunner(const recognize::Bundle& bundle) : recognizer_(bundle) {}

GoldenResult GoldenRunner::run(const Tensor& input) {
  const graph::SignalContract& contract = recognizer_.model().signal;
  const Tensor signal = contract::prepare(input, contract::source_of(contract), contract);
  recognize::EmissionResult result =
      std::move(recognizer_.recognize(std::span(&signal, 1)).front());
  return {std::move(result.emissions), std::move(result.recognition.text)};
}

std::string difference(const GoldenResult& found, const Tensor& output, const std::string& text,
                       double tolerance) {
  if (found.output.shape() != output.shape() || output.dtype() != DType::kF32)
    return fmt::format("output {} in place of {} {}", to_string(found.output.shape()),
                       name_of(output.dtype()), to_string(output.shape()));
  const auto wanted = output.data<float>(), made = found.output.data<float>();
  double largest = 0, furthest = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(wanted[i])));
    const double distance = std::abs(static_cast<double>(made[i]) - static_cast<double>(wanted[i]));
    furthest = distance > furthest || std::isnan(distance) ? distance : furthest;
  }
  if (!(furthest <= tolerance * largest))
    return fmt::format("the output differs by {:.3g}; {:.3g} is allowed", furthest,
                       tolerance * largest);
  if (found.text != text) return fmt::format("text '{}' in place of '{}'", found.text, text);
  return "";
}

}  // namespace nest::package
