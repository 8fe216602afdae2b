#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "nest/core/json.h"

namespace nest {

struct InspectOptions {
  std::string file;
  std::string
      graph;  ///< for the picture and the dump; empty: all in the dump, the first in a picture
  std::string dot;  ///< where to write Graphviz source
  std::string svg;  ///< where to write a picture
  bool json = false;
};

/// What a file is and holds. `text` is for people, `json` for programs.
struct InspectReport {
  Json json;
  std::string text;
  bool is_broken = false;  ///< recognised, but damaged: the text says how
};

/// One kind of file each; nothing if the file is of another kind. Errors: DataCorrupt and the like
/// if it is of this kind, but damaged.
std::optional<InspectReport> inspect_array(const InspectOptions& options);
std::optional<InspectReport> inspect_weights(const InspectOptions& options);
std::optional<InspectReport> inspect_tokenizer(const InspectOptions& options);
std::optional<InspectReport> inspect_recording(const InspectOptions& options);

}  // namespace nest
