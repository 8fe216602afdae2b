#include "data/source_recording.h"

namespace nest::data {

Imported import_annotations(const ImportOptions& options, const Job& job) {
  const std::filesystem::path in = options.in;
  const bool is_folder = std::filesystem::is_directory(in);
  const RecordingNames names(is_folder ? in : in.parent_path(), options.recordings.name_pattern,
                             options.recordings.name_table);
  std::vector<SourceRecording> recordings;
  for (const auto& file : recordings_in(in, options.out)) {
    recordings.push_back({file, names.of(file)});
  }
  Imported result = import_recordings(recordings, options, job);
  result.info.name = "annotations";
  result.info.description = "each annotation of a recording is an utterance";
  return result;
}

}  // namespace nest::data
