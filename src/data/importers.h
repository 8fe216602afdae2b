#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
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

Imported import_annotations(const ImportOptions& options, const Job& job);
Imported import_bids(const ImportOptions& options, const Job& job);
Imported import_ssvep_exo(const ImportOptions& options, const Job& job);
Imported import_feis(const ImportOptions& options, const Job& job);
Imported import_cvep(const ImportOptions& options, const Job& job);
Imported import_zuco(const ImportOptions& options, const Job& job);

/// Opens a recording as the options ask; its warnings are logged as one line.
std::shared_ptr<const io::Recording> open_for_import(const std::filesystem::path& file,
                                                     const ImportOptions& options);

/// Rows of a tab-separated table with a header line, by column name. Texts that are no UTF-8 are
/// taken for Latin-1 (logged).
/// Errors: NotFound, also for a missing column; Io; DataCorrupt naming the line.
class TsvTable {
 public:
  explicit TsvTable(const std::filesystem::path& path);
  std::size_t size() const { return rows_.size(); }
  bool has(const std::string& column) const { return columns_.contains(column); }
  /// "duration, onset, trial_type"
  std::string column_names() const;
  const std::string& at(std::size_t row, const std::string& column) const;
  std::int64_t integer(std::size_t row, const std::string& column) const;
  /// Calls use(row) for each row, in order. One that it cannot use (DataCorrupt) is left out with a
  /// warning, unless `strict` or no row is left; `use` must have done nothing by then.
  void for_each_row(bool strict, const std::function<void(std::size_t row)>& use) const;

 private:
  struct Row {
    std::size_t line = 0;
    std::vector<std::string> fields;
  };
  std::string name_;
  std::map<std::string, std::size_t> columns_;
  std::vector<Row> rows_;
};

/// "3,17,4" to numbers. Errors: DataCorrupt.
std::vector<std::int64_t> parse_int_list(const std::string& text);

/// The contract that follows from a recording's channels (contract::electrode_name).
graph::SignalContract contract_of(const io::RecordingInfo& recording);

}  // namespace nest::data
