#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/utf8.h"
#include "nest/io/recording.h"

namespace nest::data {
namespace {

namespace fs = std::filesystem;

// Every recording of a folder once: a data or marker file leads to the file that describes it, and a
// further part of another one is none of its own. Hidden files are copies that systems leave.
std::vector<fs::path> recordings_in(const fs::path& in) {
  if (!fs::is_directory(in)) return {io::describing_file(in)};
  std::set<fs::path> files;
  for (const auto& entry : fs::directory_iterator(in)) {
    if (!entry.is_regular_file() || entry.path().filename().string().starts_with(".")) continue;
    const std::string format = io::recording_format(entry.path());
    if (format.empty() || format == "NPY" || format == "NPZ") continue;
    files.insert(io::describing_file(entry.path()));
  }
  std::set<fs::path> parts;  // of a split FIF, which look like recordings of their own
  for (const fs::path& file : files) {
    if (io::recording_format(file) != "FIF") continue;
    for (fs::path& part : io::companion_files(file)) parts.insert(std::move(part));
  }
  std::erase_if(files, [&](const fs::path& file) { return parts.contains(file); });
  require(!files.empty(), ErrorCode::kNotFound, "{}: no EEG recording in this folder", in.string());
  return {files.begin(), files.end()};
}

// In a folder one recording that cannot be read must not cost the others. Tables (.tsv, .csv) often
// describe the recordings beside them; only those with annotations are recordings here.
std::shared_ptr<const io::Recording> open_one_of(const fs::path& file, std::size_t count,
                                                 const ImportOptions& options) {
  const bool is_table = io::recording_format(file) == "CSV";
  if (count == 1) return open_for_import(file, options);
  try {
    auto recording = is_table ? io::open_recording(file) : open_for_import(file, options);
    if (!is_table || !recording->info().annotations.empty()) return recording;
    log_info("left out: {}: a table without annotations", file.string());
  } catch (const Error& error) {
    const bool is_left_out = error.code() == ErrorCode::kDataCorrupt ||
                             error.code() == ErrorCode::kUnsupported ||
                             error.code() == ErrorCode::kNotFound;
    if (!is_left_out || (options.strict && !is_table)) throw;
    if (is_table) {
      log_info("left out: {}: a table that is no recording", file.string());
    } else {
      log_warn("left out: {}", error.what());
    }
  }
  return nullptr;
}

void add_utterances(const fs::path& file, const std::string& name, const io::RecordingInfo& info,
                    std::vector<Utterance>& utterances) {
  std::size_t number = 0;
  for (const io::Annotation& note : info.annotations) {
    const std::string id = fmt::format("{}_{:04}", name, number++);
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
    utterance.subject = name;
    utterance.session = name;
    utterance.split = "train";
    utterances.push_back(std::move(utterance));
  }
}

}  // namespace

Imported import_edf_annotations(const ImportOptions& options, const Job& job) {
  Imported result;
  result.info.name = "annotations";
  result.info.description = "each annotation of a recording is an utterance";
  const auto files = recordings_in(options.in);
  std::map<fs::path, int> stems;  // "a.edf" and "a.vhdr" must not share their ids
  for (const fs::path& file : files) ++stems[file.stem()];
  for (const fs::path& file : files) {
    job.check_stop("nothing was written");
    const auto recording = open_one_of(file, files.size(), options);
    if (recording == nullptr) continue;
    const io::RecordingInfo& info = recording->info();
    const bool is_first = result.utterances.empty();
    const fs::path name = stems.at(file.stem()) > 1 ? file.filename() : file.stem();
    add_utterances(file, utf8_or_latin1(name.string()), info, result.utterances);
    if (is_first && !result.utterances.empty()) result.info.signal = contract_of(info);
  }
  require(
      !result.utterances.empty(), ErrorCode::kDataCorrupt,
      "{}: no annotation with a duration, so there is no utterance; annotations that are instants "
      "need one (EDF+ writes onset and duration)",
      options.in);
  return result;
}

}  // namespace nest::data
