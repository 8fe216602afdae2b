#include "nest/compress/quantize.h"

#include <algorithm>

#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::compress {
namespace {

graph::Model calibrated(const graph::Model& model, const PostTrainingOptions& options,
                        const QuantizeFunctions& functions) {
  PostTrainingQuantizer quantizer(model, options);
  functions.calibrate(quantizer);
  return quantizer.quantize();
}

MixedPrecisionQuantizer mixed_quantizer(const graph::Model& model, const QuantizeOptions& options,
                                        const QuantizeFunctions& functions) {
  std::map<std::string, graph::ActivationQuantization, std::less<>> scales;
  const auto layers = layers_of(model);
  if (std::ranges::any_of(layers, [](const Layer& layer) { return layer.kind == "conv"; }))
    scales = calibrated(model, options.scales, functions).quantization.activations;
  MixedPrecisionQuantizer quantizer(model, std::move(scales), options.sixteen);
  for (const auto& [layer, bits] : options.layers)
    quantizer.set_layer_precision(layer, static_cast<int>(bits));
  return quantizer;
}

void assign(MixedPrecisionQuantizer& quantizer, const Sensitivity& sensitivity,
            const PrecisionBudget& budget) {
  if (!quantizer.auto_assign_precision(sensitivity, budget))
    log_warn(
        "too many assignments to compare all: this one keeps the budget, but a better one "
        "may exist");
}

/// What layers cost alone does not add up to the bit: what a model really costs decides, and the
/// budget of the sum shrinks by what was too much.
graph::Model within_budget(MixedPrecisionQuantizer& quantizer, const Sensitivity& sensitivity,
                           const PrecisionBudget& budget, const MeasureModel& measure) {
  constexpr int kTries = 8;
  PrecisionBudget asked = budget;
  double real = 0;
  for (int i = 0; i < kTries; ++i) {
    assign(quantizer, sensitivity, asked);
    graph::Model made = quantizer.quantize();
    real = cost_of(measure(made), budget.of);
    if (real <= budget.most) return made;
    asked.most -= real - budget.most;
  }
  fail(ErrorCode::kInvalidArgument, "no assignment found within {:.6g} {}; the last one has {:.6g}",
       budget.most, budget.of == PrecisionBudget::Of::kBytes ? "bytes" : "ms", real);
}

/// Bytes of the narrowest widths there are.
double fewest_bytes(const Sensitivity& sensitivity) {
  auto bytes = static_cast<double>(sensitivity.floats.bytes);
  for (const LayerSensitivity& layer : sensitivity.layers) {
    std::int64_t least = 0;
    for (const auto& [bits, change] : layer.change) least = std::min(least, change.bytes);
    bytes += static_cast<double>(least);
  }
  return bytes;
}

/// Bisects budgets until they are a hundredth apart.
graph::Model within_error(MixedPrecisionQuantizer& quantizer, const Sensitivity& sensitivity,
                          double max_increase, const ValidateFn& validate, const Job& job) {
  const graph::Model widest = quantizer.quantize();
  const double limit = validate(widest) + max_increase / 100;
  auto low = fewest_bytes(sensitivity), high = static_cast<double>(sensitivity.floats.bytes);
  graph::Model best = widest;
  double tried = low;
  Progress progress(job, "search precisions", 0, "models");
  while (true) {
    job.check_stop("no precision was assigned; run it again");
    assign(quantizer, sensitivity, {PrecisionBudget::Of::kBytes, tried});
    graph::Model candidate = quantizer.quantize();
    const double error = validate(candidate);
    progress.advance();
    if (error <= limit) {
      best = std::move(candidate);
      high = tried;
    } else {
      low = tried;
    }
    if (high - low < 0.01 * static_cast<double>(sensitivity.floats.bytes)) return best;
    tried = (low + high) / 2;
  }
}

graph::Model mixed(const graph::Model& model, const QuantizeOptions& options,
                   const QuantizeFunctions& functions, const Job& job) {
  MixedPrecisionQuantizer quantizer = mixed_quantizer(model, options, functions);
  if (!options.budget_bytes && !options.budget_ms && !options.max_cer_increase)
    return quantizer.quantize();
  const Sensitivity sensitivity = quantizer.compute_sensitivity(functions.measure, job);
  if (options.max_cer_increase)
    return within_error(quantizer, sensitivity, *options.max_cer_increase, functions.validate, job);
  const auto budget =
      options.budget_bytes
          ? PrecisionBudget{PrecisionBudget::Of::kBytes, static_cast<double>(*options.budget_bytes)}
          : PrecisionBudget{PrecisionBudget::Of::kMs, *options.budget_ms};
  return within_budget(quantizer, sensitivity, budget, functions.measure);
}

}  // namespace

EnumTable enum_table(QuantizeMethod /*of*/) {
  static constexpr EnumName kNames[] = {{QuantizeMethod::kDynamic, "dynamic"},
                                        {QuantizeMethod::kStatic, "static"},
                                        {QuantizeMethod::kQat, "qat"},
                                        {QuantizeMethod::kMixed, "mixed"}};
  return {"method of quantization", kNames};
}

EnumTable enum_table(Bits /*of*/) {
  static constexpr EnumName kNames[] = {
      {Bits::k4, "4"}, {Bits::k8, "8"}, {Bits::k16, "16"}, {Bits::k32, "32"}};
  return {"number of bits", kNames};
}

void visit_fields(FieldVisitor& visitor, QuantizeOptions& o) {
  visitor.field(
      "method", o.method,
      "dynamic: scales found row by row, without data; static: fixed scales; qat: static, "
      "then trained as its codes compute; mixed: precisions by layer");
  visitor.part("", o.scales);
  visitor.field("kinds", o.kinds,
                "of method dynamic: kinds of layers (linear, lstm, gru, "
                "embedding); default: all that can be");
  visitor.field("layers", o.layers,
                "of method mixed: NAME=BITS with 4, 8, 16 or 32, by layer or the path above it", {},
                {.flag = "layer,layers"});
  visitor.field("sixteen", o.sixteen, "of method mixed: what 16 bits are, fp16 or bf16");
  visitor.field("budget_bytes", o.budget_bytes,
                "of method mixed: most bytes of packed weights; layers that lose least become "
                "narrow",
                above(0));
  visitor.field("budget_ms", o.budget_ms, "of method mixed: most milliseconds of one signal",
                above(0));
  visitor.field("max_cer_increase", o.max_cer_increase,
                "of method mixed: most percentage points of character errors more; as few bytes as "
                "that allows",
                at_least(0));
}

void validate(const QuantizeOptions& o) {
  check_fields(o);
  const bool is_mixed = o.method == QuantizeMethod::kMixed;
  const std::string_view method = name_of(o.method);
  require_field(o.kinds.empty() || o.method == QuantizeMethod::kDynamic, "kinds",
                "is for method dynamic, not {}", method);
  const auto only_mixed = [&](bool is_given, std::string_view field) {
    require_field(!is_given || is_mixed, field, "is for method mixed, not {}", method);
  };
  only_mixed(!o.layers.empty(), "layers");
  only_mixed(o.budget_bytes.has_value(), "budget_bytes");
  only_mixed(o.budget_ms.has_value(), "budget_ms");
  only_mixed(o.max_cer_increase.has_value(), "max_cer_increase");
  const int limits = static_cast<int>(o.budget_bytes.has_value()) +
                     static_cast<int>(o.budget_ms.has_value()) +
                     static_cast<int>(o.max_cer_increase.has_value());
  require_field(limits <= 1, "budget_bytes",
                "is one of several limits; give one of `budget_bytes`, `budget_ms` and "
                "`max_cer_increase`");
  require_field(!is_mixed || limits == 1 || !o.layers.empty(), "method",
                "is mixed: give widths (`layers`) or a limit (`budget_bytes`, `budget_ms` or "
                "`max_cer_increase`)");
  require_field(o.sixteen == graph::Precision::kFp16 || o.sixteen == graph::Precision::kBf16,
                "sixteen", "is {}; 16 bits are fp16 or bf16", name_of(o.sixteen));
}

graph::Model quantize(const graph::Model& model, const QuantizeOptions& options,
                      const QuantizeFunctions& functions, const Job& job) {
  validate(options);
  switch (options.method) {
    case QuantizeMethod::kDynamic:
      return DynamicQuantizer(model, options.scales.precision).quantize(options.kinds);
    case QuantizeMethod::kStatic:
      return calibrated(model, options.scales, functions);
    case QuantizeMethod::kQat:
      require(static_cast<bool>(functions.train), ErrorCode::kInvalidArgument,
              "method qat trains the model; give `data` and `epochs`");
      return functions.train(calibrated(model, options.scales, functions), {}, 0);
    case QuantizeMethod::kMixed:
      return mixed(model, options, functions, job);
  }
  fail(ErrorCode::kInternal, "unknown method");
}

QuantizationBenchmark compare_quantizations(const graph::Model& model,
                                            const QuantizeOptions& options,
                                            const QuantizeFunctions& functions, const Job& job) {
  QuantizationBenchmark benchmark(functions.measure, functions.validate);
  benchmark.add("fp32", [&] { return model; });
  const auto add = [&](std::string name, const QuantizeOptions& one) {
    benchmark.add(std::move(name), [&, one] { return quantize(model, one, functions, job); });
  };
  for (const auto precision : {graph::Precision::kInt8, graph::Precision::kInt4}) {
    QuantizeOptions one = options;
    one.scales.precision = precision;
    one.method = QuantizeMethod::kDynamic;
    add(fmt::format("{} dynamic", name_of(precision)), one);
    one.method = QuantizeMethod::kStatic;
    for (const EnumName& calibrator : enum_table(Calibrator{}).names) {
      one.scales.calibration.calibrator = static_cast<Calibrator>(calibrator.value);
      add(fmt::format("{} static {}", name_of(precision), calibrator.name), one);
    }
  }
  benchmark.run(job);
  return benchmark;
}

}  // namespace nest::compress
