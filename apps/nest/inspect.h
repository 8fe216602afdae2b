#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "nest/core/json.h"
#include "nest/graph/model.h"

namespace nest {

struct InspectOptions {
  std::string file;
  std::string model_key;  ///< one model of a configuration
  std::string graph;      ///< only this graph; empty: all, in a picture the encoder
  std::string svg;        ///< where to write a picture
  std::string stream;     ///< which part of a recording
  bool dot = false;       ///< Graphviz source instead of the text
  bool json = false;
};

/// What a file is and holds. `text` is for people, `json` for programs.
struct InspectReport {
  Json json;
  std::string text;
  std::string problem;  ///< recognised, but damaged or inconsistent: what is wrong
};

/// One kind of file each; nothing if the file is of another kind. Errors: DataCorrupt and the like
/// if it is of this kind, but cannot be read at all.
std::optional<InspectReport> inspect_prepared(const InspectOptions& options);
std::optional<InspectReport> inspect_array(const InspectOptions& options);
std::optional<InspectReport> inspect_config(const InspectOptions& options);
std::optional<InspectReport> inspect_weights(const InspectOptions& options);
std::optional<InspectReport> inspect_tokenizer(const InspectOptions& options);
std::optional<InspectReport> inspect_recording(const InspectOptions& options);

/// Adds a model's figures, graphs and contracts to a report, and draws what is asked for.
void report_model(const graph::Model& model, const InspectOptions& options, InspectReport& report);

}  // namespace nest
