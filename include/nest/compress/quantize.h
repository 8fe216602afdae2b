#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nest/compress/callbacks.h"
#include "nest/compress/mixed_precision_quantizer.h"
#include "nest/compress/post_training_quantizer.h"
#include "nest/compress/quantization_benchmark.h"
#include "nest/core/field.h"

namespace nest::compress {

enum class QuantizeMethod : std::uint8_t {
  kDynamic,  ///< scales of activations found row by row: needs no data
  kStatic,   ///< fixed scales, from calibration
  kQat,      ///< static, then trained as its codes will compute
  kMixed,    ///< precisions by layer, by hand or within a budget
};
EnumTable enum_table(QuantizeMethod of);  ///< "dynamic", "static", "qat", "mixed"

enum class Bits : std::uint8_t { k4 = 4, k8 = 8, k16 = 16, k32 = 32 };
EnumTable enum_table(Bits of);  ///< "4", "8", "16", "32"

struct QuantizeOptions {
  QuantizeMethod method = QuantizeMethod::kStatic;
  PostTrainingOptions scales = {};      ///< precision and calibration; kMixed: of convolutions
  std::vector<std::string> kinds = {};  ///< kDynamic: node kinds; empty: all that can be
  StringMap<Bits> layers = {};          ///< kMixed: widths by layer or path
  graph::Precision sixteen = graph::Precision::kFp16;  ///< kMixed: what 16 bits are
  // kMixed: at most one of these
  std::optional<std::int64_t> budget_bytes = {};  ///< of the packed weights
  std::optional<double> budget_ms = {};           ///< of one signal
  std::optional<double> max_cer_increase = {};    ///< percentage points
};
void visit_fields(FieldVisitor& visitor, QuantizeOptions& options);
/// Errors: FieldError for a field that the method does not use, a second limit, or kMixed without
/// anything to go by.
void validate(const QuantizeOptions& options);

/// What runs and measures a model for quantize(); a method calls what it needs.
struct QuantizeFunctions {
  /// Shows a prepared quantizer signals: kStatic, kQat, kMixed.
  std::function<void(PostTrainingQuantizer& quantizer)> calibrate;
  MeasureModel measure;  ///< kMixed within a limit
  ValidateFn validate;   ///< character error rate, in parts: max_cer_increase
  TrainFn train = {};    ///< of quantized models: kQat
};

/// The model with a quantization by the options' method. Weights stay floats; they become codes
/// when they are packed.
///
/// max_cer_increase: the fewest bytes whose error stays within the limit, by bisection over
/// budgets. Errors: FieldError; those of the quantizers and functions; Interrupted.
graph::Model quantize(const graph::Model& model, const QuantizeOptions& options,
                      const QuantizeFunctions& functions, const Job& job = {});

/// The model in fp32, in codes whose scales are found row by row, and with fixed ones of every
/// calibrator, measured. Method, precision and calibrator of the options are not looked at.
/// Errors: as quantize().
QuantizationBenchmark compare_quantizations(const graph::Model& model,
                                            const QuantizeOptions& options,
                                            const QuantizeFunctions& functions,
                                            const Job& job = {});

}  // namespace nest::compress
