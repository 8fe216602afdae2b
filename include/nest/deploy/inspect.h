#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "nest/core/json.h"
#include "nest/graph/model.h"

namespace nest::deploy {

struct InspectOptions {
  std::string model_key = {};  ///< one model of a configuration
  std::string graph = {};      ///< only this graph of a model
  std::string stream = {};     ///< which part of a recording, by name or id
  bool strict = false;         ///< any warning about a recording or checkpoint is an error
};

/// What a file is and holds.
struct Inspection {
  /// "kind" is "prepared model", "array", "arrays", "configuration", "checkpoint", "tokenizer",
  /// "recording" or "run"; the rest follows from it (docs/inspect.md). Where there is a model:
  /// "model", "family", "parameters", "vocabulary", "signal", and "graphs", a table each.
  Json description;
  /// Of the right kind, but damaged or inconsistent: what is wrong. Empty: nothing.
  std::string problem;
  std::optional<graph::Model> model;
};

/// Looks into any file of a known kind, and into the folder of a training run.
///
/// Errors: DataCorrupt if the file is of no known kind, or of one but cannot be read at all;
/// NotFound for the file, and for a graph that the model does not have.
Inspection inspect(const std::filesystem::path& path, const InspectOptions& options = {});

/// The description for people: tables of graphs and tensors, long lists of a recording cut.
std::string inspection_text(const Inspection& inspection);

/// Graphviz source of all graphs of the model found, or of one; `file` names it in errors.
/// Errors: DataCorrupt if there is no model.
std::string dot_source(const Inspection& inspection, const std::string& file,
                       const std::string& graph = {});
/// Draws a graph, else the encoder, else the first, to an .svg with Graphviz's program.
/// Errors: those of dot_source; NotFound; Unsupported if the program is missing or fails.
void draw_graph(const Inspection& inspection, const std::string& file, const std::string& graph,
                const std::string& svg);

}  // namespace nest::deploy
