#include <algorithm>
#include <cmath>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/io/recording.h"

namespace nest::data {
namespace {

std::vector<std::filesystem::path> recordings_in(const std::filesystem::path& in) {
  if (!std::filesystem::is_directory(in)) return {in};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(in)) {
    if (!entry.is_regular_file()) continue;
    const std::string format = io::recording_format(entry.path());
    if (!format.empty() && format != "NPY" && format != "NPZ") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  require(!files.empty(), ErrorCode::kNotFound, "{}: no EEG recording in this folder", in.string());
  return files;
}

}  // namespace

Imported import_edf_annotations(const ImportOptions& options, const Job& job) {
  Imported result;
  result.info.name = "annotations";
  result.info.description = "each annotation of a recording is an utterance";
  for (const auto& file : recordings_in(options.in)) {
    job.check_stop("nothing was written");
    const auto recording = io::open_recording(file);
    const io::RecordingInfo& info = recording->info();
    if (result.info.signal.num_channels == 0) result.info.signal = contract_of(info);
    std::size_t number = 0;
    for (const io::Annotation& note : info.annotations) {
      const std::string id = fmt::format("{}_{:04}", file.stem().string(), number++);
      const auto length = std::llround(note.duration_s * info.rate_hz);
      if (length <= 0) {
        log_warn("left out: {}: annotation '{}' at {} s has no duration", id, note.text,
                 note.onset_s);
        continue;
      }
      Utterance utterance;
      utterance.id = id;
      utterance.signal = file.string();
      utterance.ranges = {{info.sample_at(note.onset_s), length}};
      utterance.text = note.text;
      utterance.subject = file.stem().string();
      utterance.session = file.stem().string();
      utterance.split = "train";
      result.utterances.push_back(std::move(utterance));
    }
  }
  require(
      !result.utterances.empty(), ErrorCode::kDataCorrupt,
      "{}: no annotation with a duration, so there is no utterance; annotations that are instants "
      "need one (EDF+ writes onset and duration)",
      options.in);
  return result;
}

}  // namespace nest::data
