#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nest/compress/callbacks.h"
#include "nest/compress/mixed_precision_quantizer.h"
#include "nest/core/job.h"
#include "nest/core/json_fwd.h"

namespace nest::compress {

/// Quantized models beside the float one: bytes, time, distance of outputs, errors.
///
/// State: not thread-safe.
class QuantizationBenchmark {
 public:
  struct Row {
    std::string name;
    ModelMeasure measured;
    std::optional<double> error;  ///< of `validate`
  };

  /// `validate` may be null.
  explicit QuantizationBenchmark(MeasureModel measure, ValidateFn validate = {});

  /// A model to compare, made when its turn comes; the first is what factors refer to.
  void add(std::string name, std::function<graph::Model()> make);
  /// Errors: those of the functions; Interrupted.
  const std::vector<Row>& run(const Job& job = {});

  /// [{"name", "bytes", "ms", "divergence", "error"}]
  Json to_json() const;
  /// A table; bytes and time with their factor to the first row.
  std::string text() const;

 private:
  MeasureModel measure_;
  ValidateFn validate_;
  std::vector<std::pair<std::string, std::function<graph::Model()>>> models_;
  std::vector<Row> rows_;
};

}  // namespace nest::compress
