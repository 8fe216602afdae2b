#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include <fmt/ranges.h>

#include "data/annotation_rules.h"
#include "data/source_recording.h"
#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/log.h"
#include "nest/core/utf8.h"

namespace nest::data {
namespace {

namespace fs = std::filesystem;

std::string joined(fs::path path) {
  std::string text = path.generic_string();
  std::replace(text.begin(), text.end(), '/', '_');
  return utf8_or_latin1(text);
}

// How the ids of each recording begin: the file's stem, the folders in front of it where stems are
// not enough to tell recordings apart, and the extension where those are not ("a.edf", "a.vhdr").
std::vector<std::string> id_stems(const std::vector<SourceRecording>& recordings,
                                  const fs::path& root) {
  const auto without_extension = [](fs::path path) { return path.replace_extension(); };
  std::map<fs::path, int> stems, paths;
  for (const auto& recording : recordings) {
    ++stems[recording.file.stem()];
    ++paths[without_extension(recording.file)];
  }
  std::vector<std::string> result;
  for (const auto& recording : recordings) {
    const fs::path relative = recording.file.lexically_relative(root);
    if (stems[recording.file.stem()] == 1) {
      result.push_back(joined(recording.file.stem()));
    } else {
      const bool is_path_enough = paths[without_extension(recording.file)] == 1;
      result.push_back(joined(is_path_enough ? without_extension(relative) : relative));
    }
  }
  return result;
}

std::vector<std::string> bad_channels(const SourceRecording& recording,
                                      const io::RecordingInfo& info) {
  std::vector<std::string> names;
  for (const io::ChannelInfo& channel : info.channels) {
    const auto row = recording.channels.find(channel.name);
    const bool is_bad = row == recording.channels.end() ? channel.is_bad : row->second.is_bad;
    if (is_bad) names.push_back(channel.name);
  }
  return names;
}

std::vector<Utterance> utterances_of(const SourceRecording& source, const io::RecordingInfo& info,
                                     const std::string& id_stem,
                                     const std::vector<std::string>& bad, AnnotationRules& rules) {
  std::vector<Utterance> utterances;
  for (AnnotatedRange& range :
       annotated_ranges(source.events ? *source.events : info.annotations, info, rules)) {
    Utterance utterance;
    utterance.id = fmt::format("{}_{:04}", id_stem, utterances.size());
    utterance.signal = source.file.string();
    utterance.ranges = {range.samples};
    utterance.text = std::move(range.text);
    utterance.subject = source.name.subject;
    utterance.session = source.name.session;
    utterance.split = "train";
    if (!source.name.task.empty()) utterance.extra["task"] = source.name.task;
    if (!bad.empty()) utterance.extra["bad_channels"] = bad;
    utterances.push_back(std::move(utterance));
  }
  return utterances;
}

class Collector {
 public:
  Collector(const ImportOptions& options, bool is_one) : options_(options), is_one_(is_one) {}

  void add(const SourceRecording& source, const std::string& id_stem) {
    const auto recording = open(source);
    if (recording == nullptr) return;
    const io::RecordingInfo& info = recording->info();
    note_channels(info);
    AnnotationRules rules(options_.recordings.text_filter);
    const std::vector<std::string> bad = bad_channels(source, info);
    std::vector<Utterance> utterances = utterances_of(source, info, id_stem, bad, rules);
    if (!utterances.empty() && !choose(source, info)) return;
    ++num_recordings_;
    std::vector<std::string> words = info.warnings;
    if (!bad.empty()) words.push_back(fmt::format("bad channels: {}", fmt::join(bad, ", ")));
    if (!rules.left_out().empty()) words.push_back(left_out_text(rules.left_out()));
    for (const auto& [reason, count] : rules.left_out()) left_out_[reason] += count;
    if (!words.empty()) log_warn("{}: {}", source.file.string(), fmt::join(words, "; "));
    std::move(utterances.begin(), utterances.end(), std::back_inserter(result_.utterances));
  }

  Imported take() {
    for (const std::string& name : options_.recordings.exclude) {
      const std::vector<std::string> seen(seen_.begin(), seen_.end());
      require_field(contract::find_electrode(seen, name).row >= 0, "recordings.exclude",
                    "names '{}', which no recording has; there are: {}", name,
                    fmt::join(seen, ", "));
    }
    log_info("{} utterances of {} recordings{}", result_.utterances.size(), num_recordings_,
             left_out_.empty() ? "" : "; " + left_out_text(left_out_));
    return std::move(result_);
  }

 private:
  // In a folder one recording that cannot be read must not cost the others. Tables (.tsv, .csv)
  // often describe the recordings beside them; only those with annotations are recordings here.
  std::shared_ptr<const io::Recording> open(const SourceRecording& source) const {
    const bool is_table = io::recording_format(source.file) == "CSV";
    const io::OpenOptions open{.strict = options_.strict && (is_one_ || !is_table)};
    if (is_one_) return io::open_recording(source.file, open);
    try {
      auto recording = io::open_recording(source.file, open);
      if (!is_table || !recording->info().annotations.empty()) return recording;
      log_info("left out: {}: a table without annotations", source.file.string());
    } catch (const Error& error) {
      leave_out(error, is_table, source.file);
    }
    return nullptr;
  }

  void leave_out(const Error& error, bool is_table, const fs::path& file) const {
    const bool is_left_out = error.code() == ErrorCode::kDataCorrupt ||
                             error.code() == ErrorCode::kUnsupported ||
                             error.code() == ErrorCode::kNotFound;
    if (!is_left_out || (options_.strict && !is_table)) throw;
    if (is_table) {
      log_info("left out: {}: a table that is no recording", file.string());
    } else {
      log_warn("left out: {}", error.what());
    }
  }

  void note_channels(const io::RecordingInfo& info) {
    for (const io::ChannelInfo& channel : info.channels) seen_.insert(channel.name);
  }

  // The first recording with utterances decides on the contract's channels; a later one must have
  // them.
  bool choose(const SourceRecording& source, const io::RecordingInfo& info) {
    ChannelChoice choice;
    graph::SignalContract& contract = result_.info.signal;
    const bool is_first = contract.num_channels == 0;
    try {
      choice = choose_channels(source, info, options_.recordings);
    } catch (const Error& error) {
      if (is_first) throw;
      leave_out(error, false, source.file);
      return false;
    }
    if (choice.summary != summary_) log_info("{}: {}", source.file.string(), choice.summary);
    summary_ = choice.summary;
    if (!is_first) return true;
    contract.rate_hz = info.rate_hz;
    contract.channels = choice.names;
    contract.num_channels = static_cast<std::int64_t>(choice.names.size());
    return true;
  }

  const ImportOptions& options_;
  bool is_one_;
  Imported result_;
  std::string summary_;         ///< of the channels of the last recording
  std::set<std::string> seen_;  ///< names of channels of all recordings
  std::size_t num_recordings_ = 0;
  LeftOut left_out_;
};

}  // namespace

Imported import_recordings(const std::vector<SourceRecording>& recordings,
                           const ImportOptions& options, const Job& job) {
  const std::vector<std::string> stems = id_stems(recordings, options.in);
  Collector collector(options, recordings.size() == 1);
  Progress progress(job, "import", static_cast<std::int64_t>(recordings.size()), "recordings");
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    job.check_stop("nothing was written");
    collector.add(recordings[i], stems[i]);
    progress.advance();
  }
  Imported result = collector.take();
  require(!result.utterances.empty(), ErrorCode::kDataCorrupt,
          "{}: no annotation with a text and a duration, so there is no utterance; annotations "
          "that are instants need a duration (EDF+ writes onset and duration)",
          options.in);
  return result;
}

}  // namespace nest::data
