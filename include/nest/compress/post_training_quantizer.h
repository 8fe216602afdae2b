#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nest/compress/activation_statistics.h"
#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/graph/model.h"

namespace nest::compress {

/// Which products get a fixed scale; the others find theirs row by row as they run.
enum class FixedScales : std::uint8_t { kConvolutions, kAll };
EnumTable enum_table(FixedScales of);  ///< "convolutions", "all"

struct PostTrainingOptions {
  graph::Precision precision = graph::Precision::kInt8;
  std::optional<graph::Granularity> granularity = {};  ///< of int8 weights
  FixedScales fixed_scales = FixedScales::kAll;
  CalibratorOptions calibration = {};
};
void visit_fields(FieldVisitor& visitor, PostTrainingOptions& options);
/// Errors: FieldError.
void validate(const PostTrainingOptions& options);

/// Bytes of all weights, as graph/cost.h counts them.
struct SizeChange {
  std::int64_t original_bytes = 0;
  std::int64_t quantized_bytes = 0;

  double compression_ratio() const;  ///< original / quantized
  double reduction() const;          ///< share of the original that is gone
};
SizeChange measure_size(const graph::Model& original, const graph::Model& quantized);

/// Makes a trained model one of 8-bit activations with fixed scales: prepare(), calibrate() on
/// signals, quantize().
///
/// What runs the model is the caller's: calibrate() is handed a function that runs a batch while
/// observer() is shown what goes into the products.
/// State: not thread-safe.
class PostTrainingQuantizer {
 public:
  /// Errors: FieldError of the options; InvalidArgument if the model has a quantization already.
  PostTrainingQuantizer(graph::Model model, PostTrainingOptions options = {});

  /// Forgets what was seen and returns the model whose products are to be observed, in fp32.
  const graph::Model& prepare();
  graph::ActivationObserver& observer() { return statistics_; }
  /// Calls run(0) ... run(batches - 1). May be called again with more.
  /// Errors: those of `run`; Interrupted.
  void calibrate(std::int64_t batches, const std::function<void(std::int64_t batch)>& run,
                 const Job& job = {});
  const ActivationStatistics& statistics() const { return statistics_; }

  /// The model with its quantization; weights stay as they are and become codes when they are
  /// packed. Errors: InvalidArgument without calibration; DataCorrupt naming a product that NaN or
  /// infinities went into.
  graph::Model quantize() const;

 private:
  graph::Model model_;
  PostTrainingOptions options_;
  ActivationStatistics statistics_;
  std::int64_t batches_ = 0;
};

/// 8-bit activations whose scales are found in every row as it comes, so without data: for
/// recurrent layers, attention projections and all else that is Linear. Convolutions would need a
/// fixed scale: they multiply floats.
class DynamicQuantizer {
 public:
  /// Errors: InvalidArgument for a precision without integers.
  DynamicQuantizer(graph::Model model, graph::Precision precision = graph::Precision::kInt8);

  /// The nodes of the named kinds ("linear", "lstm", "gru", "embedding"); all that can be if none
  /// is named. Errors: InvalidArgument for a kind that has no such product, or of which the model
  /// has none.
  graph::Model quantize(const std::vector<std::string>& kinds = {}) const;

 private:
  graph::Model model_;
  graph::Precision precision_;
};

}  // namespace nest::compress
