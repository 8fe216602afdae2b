#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "nest/core/json.h"

namespace nest::eval {

/// A file that nest benchmark, audit, compare or score wrote.
struct Document {
  /// "kind" ("results", "suite", "audit", "compare", ...) and what is in the file, but for the
  /// single utterances.
  Json description;
  std::string text;  ///< for people, as the verb printed it
};

/// Nothing if the file is no JSON with a schema of theirs.
/// Errors: DataCorrupt if it has the schema and is broken.
std::optional<Document> read_document(const std::filesystem::path& path);

}  // namespace nest::eval
