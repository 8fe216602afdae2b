#pragma once

#include <map>
#include <string>
#include <vector>

#include "nest/data/import.h"
#include "nest/io/recording.h"

namespace nest::data {

/// What an importer hands over; signal paths are absolute or relative to the working directory.
struct Imported {
  DatasetInfo info;
  std::vector<Utterance> utterances;
};

/// What a stopped import asks for.
inline constexpr std::string_view kImportRemedy =
    "the dataset folder is incomplete; run the same command again";

Imported import_ssvep_exo(const ImportOptions& options, const Job& job);
Imported import_edf_annotations(const ImportOptions& options, const Job& job);
Imported import_feis(const ImportOptions& options, const Job& job);
Imported import_cvep(const ImportOptions& options, const Job& job);
Imported import_zuco(const ImportOptions& options, const Job& job);

/// Rows of a tab-separated table with a header line, by column name.
/// Errors: NotFound, Io; DataCorrupt naming the line or the missing column.
class TsvTable {
 public:
  explicit TsvTable(const std::filesystem::path& path);
  std::size_t size() const { return rows_.size(); }
  const std::string& at(std::size_t row, const std::string& column) const;
  std::int64_t integer(std::size_t row, const std::string& column) const;

 private:
  std::string name_;
  std::map<std::string, std::size_t> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// "3,17,4" to numbers. Errors: DataCorrupt.
std::vector<std::int64_t> parse_int_list(const std::string& text);

/// The contract that follows from a recording's channels (contract::electrode_name).
graph::SignalContract contract_of(const io::RecordingInfo& recording);

}  // namespace nest::data
