#include <cmath>
#include <map>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/io/recording.h"

namespace nest::data {
namespace {

struct Trial {
  std::int64_t onset_sample = 0;
  std::string letter;
};
using Trials = std::map<std::pair<std::string, std::int64_t>, Trial>;  // (file, trial)

Trials read_trials(const TsvTable& table) {
  Trials trials;
  for (std::size_t row = 0; row < table.size(); ++row) {
    trials[{table.at(row, "file"), table.integer(row, "trial")}] = {
        table.integer(row, "onset_sample"), table.at(row, "char")};
  }
  return trials;
}

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

SampleRange window_of(const Trial& trial, const ImportOptions& options, double rate_hz) {
  return {trial.onset_sample + std::llround(options.window_start_s * rate_hz),
          std::llround(options.window_length_s * rate_hz)};
}

}  // namespace

Imported import_ssvep_exo(const ImportOptions& options, const Job& /*job*/) {
  const std::filesystem::path folder = options.in;
  const TsvTable labels(folder / "labels.tsv");
  require(labels.size() > 0, ErrorCode::kDataCorrupt, "{}: labels.tsv is empty", folder.string());
  const Trials trials = read_trials(labels);
  const auto first = open_for_import(folder / labels.at(0, "file"), options);
  Imported result;
  result.info.name = fmt::format("ssvep-exo-{}", name_of(options.mode));
  result.info.signal = contract_of(first->info());
  const double rate_hz = result.info.signal.rate_hz;
  if (options.mode == TrialMode::kTrials) {
    result.info.description =
        "SSVEP exoskeleton, CC0; one trial, one letter (R rest, A 13 Hz, B 17 Hz, "
        "C 21 Hz); split by session";
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const std::string& file = labels.at(row, "file");
      const std::int64_t number = labels.integer(row, "trial");
      Utterance utterance = utterance_of(folder, file);
      utterance.id = fmt::format("{}_{}_t{:02}", utterance.subject, utterance.session, number);
      utterance.split = labels.at(row, "split");
      utterance.text = labels.at(row, "char");
      utterance.ranges = {window_of(trials.at({file, number}), options, rate_hz)};
      utterance.extra["trial"] = number;
      result.utterances.push_back(std::move(utterance));
    }
    return result;
  }
  result.info.description =
      "SSVEP exoskeleton, CC0; joined trials in shuffled order, no continuous "
      "speech (R rest, A 13 Hz, B 17 Hz, C 21 Hz); split by session";
  const TsvTable table(folder / "utterances.tsv");
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::string& file = table.at(row, "file");
    Utterance utterance = utterance_of(folder, file);
    utterance.id = table.at(row, "utt_id");
    utterance.split = table.at(row, "split");
    utterance.text = table.at(row, "text");
    utterance.ranges.clear();
    utterance.extra["joined_trials"] = parse_int_list(table.at(row, "trials"));
    std::string letters;
    for (const std::int64_t number : parse_int_list(table.at(row, "trials"))) {
      const auto found = trials.find({file, number});
      require(found != trials.end(), ErrorCode::kDataCorrupt,
              "utterances.tsv: {}: trial {} of {} is not in labels.tsv", utterance.id, number,
              file);
      utterance.ranges.push_back(window_of(found->second, options, rate_hz));
      letters += found->second.letter;
    }
    require(letters == utterance.text, ErrorCode::kDataCorrupt,
            "utterances.tsv: {}: the text is '{}', its trials spell '{}'", utterance.id,
            utterance.text, letters);
    result.utterances.push_back(std::move(utterance));
  }
  return result;
}

}  // namespace nest::data
