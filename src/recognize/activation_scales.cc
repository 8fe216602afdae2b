#include "nest/recognize/activation_scales.h"

#include <set>

#include "nest/core/error.h"
#include "nest/decode/model_recognizer.h"
#include "nest/runtime/executor.h"

namespace nest::recognize {
namespace {

using Scales = std::map<std::string, graph::ActivationQuantization, std::less<>>;

void keep_convolutions(const graph::Model& model, Scales& scales) {
  std::set<std::string> convolutions;
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (std::holds_alternative<graph::Conv>(node.op)) convolutions.insert(node.name);
    }
  }
  std::erase_if(scales, [&](const auto& entry) { return !convolutions.contains(entry.first); });
}

}  // namespace

EnumTable enum_table(FixedScales /*of*/) {
  static constexpr EnumName kNames[] = {{FixedScales::kConvolutions, "convolutions"},
                                        {FixedScales::kAll, "all"}};
  return {"kind of product", kNames};
}

Scales calibrate_activations(const graph::Model& model, const SignalSet& signals, FixedScales fixed,
                             const Job& job) {
  graph::Model floats = model;
  floats.quantization = {};
  const auto prepared = runtime::prepare(std::move(floats), {.record_activations = true});
  runtime::NativeExecutor executor(prepared);
  decode::ModelRecognizer recognizer(executor, {});
  Progress progress(job, "calibrate", static_cast<std::int64_t>(signals.count), "signals");
  for (std::size_t i = 0; i < signals.count; ++i) {
    job.check_stop("no scale was found; run it again");
    const Tensor signal = signals.load(i);
    recognizer.recognize({&signal, 1});
    progress.advance(1);
  }
  Scales scales = runtime::activation_scales(prepared->activation_maxima());
  if (fixed == FixedScales::kConvolutions) keep_convolutions(model, scales);
  return scales;
}

}  // namespace nest::recognize
