#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nest/compress/figures.h"
#include "nest/core/job.h"
#include "nest/core/json_fwd.h"
#include "nest/eval/evaluator.h"
#include "nest/recognize/bundle.h"

namespace nest::eval {

/// A model before or after it was made smaller.
struct CompressionState {
  compress::ModelFigures figures;
  std::uintmax_t file_bytes = 0;  ///< on disk
  std::optional<Results> errors;  ///< where data was given
};

/// What a verb that makes a model smaller reports; the same keys for all of them.
///
/// {"in", "out", "before": {...}, "after": {...}, "change": {"cer": ..., "wer": ...}}; each state
/// {"parameters", "macs", "macs_samples", "weight_bytes", "file_bytes", "sparsity"} and, of data,
/// {"cer", "wer"} with their intervals; the change is paired, in parts like they are.
struct CompressionReport {
  std::string in, out;
  CompressionState before, after;
};
Json to_json(const CompressionReport& report);
std::string report_text(const CompressionReport& report);

/// Decodes a set greedily. Errors: those of ModelEvaluator.
Results errors_of(const recognize::Bundle& bundle, const EvalSet& set, const Job& job = {});
/// The same with another model of the bundle's vocabulary.
Results errors_of(const recognize::Bundle& bundle, const graph::Model& model, const EvalSet& set,
                  const Job& job = {});

/// Where a verb that makes a model smaller reads and writes.
struct SmallerFiles {
  std::string in, out;
  std::string data = {};       ///< dataset folder; empty: no errors are measured
  EvalSetOptions scored = {};  ///< of it
};
/// Writes the smaller model (deploy::write_model) and says what it came to. Errors: those of
/// deploy::write_model, open_eval_set and errors_of.
CompressionReport write_smaller(const SmallerFiles& files, const recognize::Bundle& bundle,
                                const graph::Model& model, const graph::Model& smaller,
                                const Job& job = {});

}  // namespace nest::eval
