#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "nest/compress/pareto.h"
#include "nest/core/json.h"

namespace nest::eval {

/// What a search has found, kept in a file that is whole at any time.
class SearchState {
 public:
  /// `settings`: everything that the results depend on. Errors: InvalidArgument if the folder holds
  /// a search and `resume` is false, or one with other settings; DataCorrupt.
  SearchState(std::filesystem::path folder, Json settings, bool resume);

  const std::filesystem::path& folder() const { return folder_; }
  /// A model that is done; its time is of the run that stored it.
  std::optional<compress::TriedModel> find(const std::string& name) const;
  /// Errors: Io.
  void add(const compress::TriedModel& candidate);

 private:
  std::filesystem::path folder_;
  Json settings_;
  std::map<std::string, compress::TriedModel> done_;
};

}  // namespace nest::eval
