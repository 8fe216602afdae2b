#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace nest::data {

/// Who was recorded, when, at what. UTF-8.
struct RecordingName {
  std::string subject;
  std::string session;
  std::string task;
};

/// Names of recordings from a table, a pattern, or the BIDS entities in their file names.
///
/// A table (TSV with the columns file, subject, session and, if wanted, task) wins over a pattern,
/// a pattern over "sub-01_ses-2_task-reading_run-1_eeg.vhdr"; where a part is not told, the subject
/// is the file's stem and the session "1". A pattern is the path from the imported folder with
/// {subject}, {session}, {task} (without slash and underscore) and * in it, with or without
/// extension: "{subject}/{session}_*" or, without a slash, the file's name alone.
class RecordingNames {
 public:
  /// Errors: FieldError for a pattern without {subject}; NotFound, Io, DataCorrupt for a table.
  RecordingNames(std::filesystem::path root, const std::string& pattern, const std::string& table);

  /// Errors: FieldError if the pattern does not fit the file; DataCorrupt if the table lacks it.
  RecordingName of(const std::filesystem::path& file) const;

 private:
  RecordingName of_table(const std::filesystem::path& file) const;
  RecordingName of_pattern(const std::filesystem::path& file) const;

  std::filesystem::path root_;
  std::string pattern_;
  std::optional<std::regex> expression_;
  std::vector<std::string> fields_;  ///< of the pattern, in order
  std::string table_;
  std::map<std::string, RecordingName> rows_;
};

/// The BIDS entities of a file name: {"sub": "01", "ses": "2", "task": "reading"}.
std::map<std::string, std::string> bids_entities(const std::filesystem::path& file);

}  // namespace nest::data
