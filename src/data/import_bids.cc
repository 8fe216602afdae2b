#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "data/source_recording.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/io/channel_type.h"

namespace nest::data {
namespace {

namespace fs = std::filesystem;

// Of the tables "*_events.tsv" in a folder the one whose entities are all the recording's, and most
// of them; empty if there is none.
fs::path nearest_table(const fs::path& folder, const std::map<std::string, std::string>& own,
                       const std::string& ending) {
  fs::path best;
  std::size_t most = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool is_hidden = name.starts_with(".");
    if (is_hidden || !entry.is_regular_file()) continue;
    if (!name.ends_with("_" + ending) && name != ending) continue;
    const auto entities = bids_entities(entry.path());
    const bool fits = std::all_of(entities.begin(), entities.end(), [&](const auto& entity) {
      const auto found = own.find(entity.first);
      return found != own.end() && found->second == entity.second;
    });
    if (!fits || (!best.empty() && entities.size() <= most)) continue;
    best = entry.path();
    most = entities.size();
  }
  return best;
}

// The table of a recording: "sub-01_task-x_events.tsv" beside it or, by BIDS' inheritance, one in a
// folder above. Empty if there is none.
fs::path table_of(const fs::path& recording, const fs::path& root, const std::string& ending) {
  const auto own = bids_entities(recording);
  fs::path folder = recording.parent_path();
  while (true) {
    const fs::path table = nearest_table(folder, own, ending);
    if (!table.empty() || fs::equivalent(folder, root)) return table;
    folder = folder.parent_path();
  }
}

std::map<std::string, ChannelRow> read_channels(const fs::path& path, bool strict) {
  std::map<std::string, ChannelRow> rows;
  const TsvTable table(path);
  table.for_each_row(strict, [&](std::size_t i) {
    ChannelRow& row = rows[table.at(i, "name")];
    if (table.has("type")) row.type = io::channel_type_from_name(table.at(i, "type"));
    row.is_bad = table.has("status") && table.at(i, "status") == "bad";
  });
  return rows;
}

// "n/a" is 0: an event without a duration.
double seconds(const TsvTable& table, std::size_t row, const std::string& column) {
  const std::string& text = table.at(row, column);
  if (text == "n/a" || text.empty()) return 0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  require(is_number && std::isfinite(value), ErrorCode::kDataCorrupt,
          "{} is '{}', no number of seconds", column, text);
  return value;
}

std::vector<io::Annotation> read_events(const fs::path& path, const std::string& text_column,
                                        bool strict) {
  const TsvTable table(path);
  const std::string column = text_column.empty() ? "trial_type" : text_column;
  require(table.has(column), ErrorCode::kNotFound,
          "{}: no column '{}' for the text; there are: {}; name one with `text_column`",
          path.string(), column, table.column_names());
  std::vector<io::Annotation> events;
  table.for_each_row(strict, [&](std::size_t i) {
    const std::string& text = table.at(i, column);
    events.push_back(
        {seconds(table, i, "onset"), seconds(table, i, "duration"), text == "n/a" ? "" : text, ""});
  });
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
  return events;
}

bool is_raw_eeg(const fs::path& file, const fs::path& root) {
  const std::string top = file.lexically_relative(root).begin()->string();
  const std::string stem = file.stem().string();
  return top != "derivatives" && top != "sourcedata" && top != "code" &&
         bids_entities(file).contains("sub") && stem.ends_with("_eeg");
}

SourceRecording describe(const fs::path& file, const fs::path& root, const RecordingNames& names,
                         const ImportOptions& options) {
  SourceRecording recording{file, names.of(file)};
  const fs::path channels = table_of(file, root, "channels.tsv");
  const fs::path events = table_of(file, root, "events.tsv");
  if (!channels.empty()) recording.channels = read_channels(channels, options.strict);
  if (!events.empty()) {
    recording.events = read_events(events, options.recordings.text_column, options.strict);
  } else {
    log_warn("{}: no events.tsv; the annotations in the file are taken", file.string());
  }
  return recording;
}

}  // namespace

Imported import_bids(const ImportOptions& options, const Job& job) {
  const fs::path root = options.in;
  require(fs::is_directory(root), ErrorCode::kNotFound, "{}: no such folder", root.string());
  const RecordingNames names(root, options.recordings.name_pattern, options.recordings.name_table);
  std::vector<SourceRecording> recordings;
  std::string problem = fmt::format(
      "{}: no recording named as BIDS does (sub-01/eeg/sub-01_task-x_eeg.vhdr)", root.string());
  bool is_first = true;
  for (const fs::path& file : recordings_in(root, options.out)) {
    if (!is_raw_eeg(file, root)) continue;
    try {
      recordings.push_back(describe(file, root, names, options));
    } catch (const Error& error) {  // tables of one recording must not cost the others
      const bool is_table =
          error.code() == ErrorCode::kDataCorrupt || error.code() == ErrorCode::kNotFound;
      if (options.strict || !is_table) throw;
      log_warn("left out: {}: {}", file.string(), error.what());
      if (std::exchange(is_first, false)) problem = error.what();
    }
  }
  require(!recordings.empty(), ErrorCode::kNotFound, "{}", problem);
  Imported result = import_recordings(recordings, options, job);
  result.info.name = fs::canonical(root).filename().string();
  result.info.description = "each event of a BIDS dataset is an utterance";
  return result;
}

}  // namespace nest::data
