#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/importers.h"
#include "data/recording_names.h"
#include "nest/data/import.h"
#include "nest/io/recording.h"

namespace nest::data {

/// What a table beside a recording says of one channel.
struct ChannelRow {
  io::ChannelType type = io::ChannelType::kUnknown;
  bool is_bad = false;
};

/// A recording to import, with what is known of it from outside the file.
struct SourceRecording {
  std::filesystem::path file;
  RecordingName name;
  std::map<std::string, ChannelRow> channels = {};         ///< by name; wins over the file
  std::optional<std::vector<io::Annotation>> events = {};  ///< instead of the file's annotations
};

/// The recordings of a folder and of the folders in it, each once, sorted; not those of hidden
/// folders and of `without`. A file is its own list. Errors: NotFound.
std::vector<std::filesystem::path> recordings_in(const std::filesystem::path& in,
                                                 const std::filesystem::path& without);

/// Which channels of a recording are signal.
struct ChannelChoice {
  std::vector<std::string> names;  ///< as a contract writes them
  /// "19 channels; left out: VEOG, HEOG (eog), STI 014 (stim)"
  std::string summary;
};

/// Picks options.channels (all of them must be there), else by type; without options.exclude.
/// Errors: NotFound for a channel that is not there, listing those that are; DataCorrupt if none is
/// left.
ChannelChoice choose_channels(const SourceRecording& recording, const io::RecordingInfo& info,
                              const RecordingOptions& options);

/// Every annotation with a duration of every recording as an utterance. One line a recording says
/// what was left out of it, one at the end adds up.
Imported import_recordings(const std::vector<SourceRecording>& recordings,
                           const ImportOptions& options, const Job& job);

}  // namespace nest::data
