#include <cmath>
#include <map>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/io/recording.h"

namespace nest::data {
namespace {

// "s01_r2.edf"
Utterance utterance_of(const std::filesystem::path& folder, const std::string& file) {
  Utterance utterance;
  utterance.signal = (folder / file).string();
  const std::size_t bar = file.find('_');
  const std::size_t dot = file.find('.');
  require(bar != std::string::npos && dot != std::string::npos && bar < dot,
          ErrorCode::kDataCorrupt, "file name '{}' is not <subject>_<session>.<extension>", file);
  utterance.subject = file.substr(0, bar);
  utterance.session = file.substr(bar + 1, dot - bar - 1);
  utterance.extra["session_key"] = file.substr(0, dot);
  return utterance;
}

constexpr std::string_view kRest = "R";

struct Trial {
  std::string file;
  std::int64_t number = 0;
  std::int64_t onset_sample = 0;
  Utterance utterance;  // without its range
};

std::vector<Trial> read_trials(const std::filesystem::path& folder, bool strict) {
  const TsvTable table(folder / "labels.tsv");
  require(table.size() > 0, ErrorCode::kDataCorrupt, "{}: labels.tsv is empty", folder.string());
  std::vector<Trial> trials;
  table.for_each_row(strict, [&](std::size_t row) {
    const std::string& file = table.at(row, "file");
    Trial trial{file, table.integer(row, "trial"), table.integer(row, "onset_sample"),
                utterance_of(folder, file)};
    trial.utterance.id =
        fmt::format("{}_{}_t{:02}", trial.utterance.subject, trial.utterance.session, trial.number);
    trial.utterance.split = table.at(row, "split");
    trial.utterance.text = table.at(row, "char");
    trial.utterance.extra["trial"] = trial.number;
    trials.push_back(std::move(trial));
  });
  return trials;
}

SampleRange window_of(const Trial& trial, const ImportOptions& options, double rate_hz) {
  return {trial.onset_sample + std::llround(options.window_start_s * rate_hz),
          std::llround(options.window_length_s * rate_hz)};
}

// One trial, one letter.
void add_trials(const std::vector<Trial>& trials, const ImportOptions& options, Imported& result) {
  result.info.description =
      "SSVEP exoskeleton, CC0; one trial, one letter (R rest, A 13 Hz, B 17 Hz, "
      "C 21 Hz); split by session";
  for (const Trial& trial : trials) {
    result.utterances.push_back(trial.utterance);
    result.utterances.back().ranges = {window_of(trial, options, result.info.signal.rate_hz)};
  }
}

// What an asynchronous speller hears: commands are text, rest trials and pauses are background.
void add_commands(const std::vector<Trial>& trials, const ImportOptions& options,
                  Imported& result) {
  result.info.description =
      "SSVEP exoskeleton, CC0; commands of an asynchronous speller (A 13 Hz, B 17 Hz, C 21 Hz), "
      "rest trials and pauses are background; split by session; the order of cues is the same in "
      "almost every session, so train on shuffled joins only";
  for (const Trial& trial : trials) {
    if (trial.utterance.text == kRest) continue;
    result.utterances.push_back(trial.utterance);
    result.utterances.back().ranges = {window_of(trial, options, result.info.signal.rate_hz)};
  }
}

// The joined trials that utterances.tsv lists.
void add_joined(const std::vector<Trial>& trials, const ImportOptions& options, Imported& result) {
  result.info.description =
      "SSVEP exoskeleton, CC0; joined trials in shuffled order, no continuous "
      "speech (R rest, A 13 Hz, B 17 Hz, C 21 Hz); split by session";
  std::map<std::pair<std::string, std::int64_t>, const Trial*> trial_of;
  for (const Trial& trial : trials) trial_of[{trial.file, trial.number}] = &trial;
  const std::filesystem::path folder = options.in;
  const TsvTable table(folder / "utterances.tsv");
  table.for_each_row(options.strict, [&](std::size_t row) {
    const std::string& file = table.at(row, "file");
    Utterance utterance = utterance_of(folder, file);
    utterance.id = table.at(row, "utt_id");
    utterance.split = table.at(row, "split");
    utterance.text = table.at(row, "text");
    utterance.ranges.clear();
    const std::vector<std::int64_t> numbers = parse_int_list(table.at(row, "trials"));
    utterance.extra["joined_trials"] = numbers;
    std::string letters;
    for (const std::int64_t number : numbers) {
      const auto found = trial_of.find({file, number});
      require(found != trial_of.end(), ErrorCode::kDataCorrupt,
              "{}: trial {} of {} is not in labels.tsv", utterance.id, number, file);
      utterance.ranges.push_back(window_of(*found->second, options, result.info.signal.rate_hz));
      letters += found->second->utterance.text;
    }
    require(letters == utterance.text, ErrorCode::kDataCorrupt,
            "{}: the text is '{}', its trials spell '{}'", utterance.id, utterance.text, letters);
    result.utterances.push_back(std::move(utterance));
  });
}

}  // namespace

Imported import_ssvep_exo(const ImportOptions& options, const Job& /*job*/) {
  const std::filesystem::path folder = options.in;
  const std::vector<Trial> trials = read_trials(folder, options.strict);
  const auto first = open_for_import(folder / trials.front().file, options);
  Imported result;
  result.info.name = fmt::format("ssvep-exo-{}", name_of(options.mode));
  result.info.signal = contract_of(first->info());
  if (options.mode == TrialMode::kUtterances) {
    add_joined(trials, options, result);
  } else if (options.mode == TrialMode::kSpeller) {
    add_commands(trials, options, result);
  } else {
    add_trials(trials, options, result);
  }
  return result;
}

}  // namespace nest::data
