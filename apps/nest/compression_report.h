#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nest/compress/figures.h"
#include "nest/core/json.h"
#include "nest/eval/evaluator.h"
#include "nest/recognize/bundle.h"

namespace nest {

/// A model before or after it was made smaller.
struct CompressionState {
  compress::ModelFigures figures;
  std::uintmax_t file_bytes = 0;        ///< on disk
  std::optional<eval::Results> errors;  ///< where data was given
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

/// Decodes a set greedily. Errors: those of eval::ModelEvaluator.
eval::Results errors_of(const recognize::Bundle& bundle, const eval::EvalSet& set);
/// The same with another model of the bundle's vocabulary.
eval::Results errors_of(const recognize::Bundle& bundle, const graph::Model& model,
                        const eval::EvalSet& set);

/// Writes a model: packed for the native runtime (.prepared), else weights with what their
/// quantization is (.pt, .safetensors). Returns the bytes of the file.
std::uintmax_t write_model(const graph::Model& model, const std::filesystem::path& path);

}  // namespace nest
