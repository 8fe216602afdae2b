// Importers of trial arrays [trials, channels, samples] in .npy files.
#include <algorithm>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/io/npy_recording.h"

namespace nest::data {
namespace {

std::vector<std::filesystem::path> files_ending(const std::filesystem::path& folder,
                                                std::string_view ending) {
  std::vector<std::filesystem::path> files;
  require(std::filesystem::is_directory(folder), ErrorCode::kNotFound, "{}: no such folder",
          folder.string());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().ends_with(ending)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  require(!files.empty(), ErrorCode::kNotFound, "{}: no file *{}", folder.string(), ending);
  return files;
}

std::int64_t samples_per_trial(const std::filesystem::path& file) {
  return io::open_npy_recording(file)->info().segments.front().num_samples;
}

}  // namespace

Imported import_feis(const ImportOptions& options, const Job& /*job*/) {
  Imported result;
  result.info.name = "feis-prespeech";
  result.info.description =
      "FEIS, fixation second before imagined phonemes (negative control: nothing is "
      "imagined or spoken), ODC-BY 1.0, Wellington & Clayton 2019";
  graph::SignalContract& contract = result.info.signal;
  contract.rate_hz = 256;
  contract.channels = {"F3", "FC5", "AF3", "F7", "T7",  "P7",  "O1",
                       "O2", "P8",  "T8",  "F8", "AF4", "FC6", "F4"};
  contract.num_channels = static_cast<std::int64_t>(contract.channels.size());
  result.info.file_gain = 0.1282051282e-6;  // microvolts = 4200 + 0.1282051282 * stored
  result.info.file_offset = 4200e-6;
  for (const auto& file : files_ending(options.in, "_X.npy")) {
    const std::string name = file.filename().string();
    const std::string subject = name.substr(0, name.size() - 6);
    const TsvTable labels(file.parent_path() / (subject + "_labels.tsv"));
    const std::int64_t length = samples_per_trial(file);
    labels.for_each_row(options.strict, [&](std::size_t row) {
      const std::int64_t trial = labels.integer(row, "trial");
      Utterance utterance;
      utterance.id = fmt::format("{}_t{:03}", subject, trial);
      utterance.signal = file.string();
      utterance.ranges = {{trial * length, length}};
      utterance.text = labels.at(row, "label");
      utterance.subject = subject;
      utterance.session = "1";
      utterance.split = labels.at(row, "split");
      utterance.extra["epoch"] = labels.integer(row, "epoch");
      result.utterances.push_back(std::move(utterance));
    });
  }
  return result;
}

Imported import_cvep(const ImportOptions& options, const Job& /*job*/) {
  const std::filesystem::path folder = options.in;
  const TsvTable labels(folder / "labels.tsv");
  Imported result;
  result.info.name = "cvep-dareplane";
  result.info.description =
      "Code-modulated VEP speller, MIT, Thielen et al. 2021; one trial, one key; "
      "decode the flash code code_index, then look the key up";
  graph::SignalContract& contract = result.info.signal;
  contract.rate_hz = 120;
  contract.num_channels = 32;  // the source does not name them
  result.info.file_gain = 1e-6;
  const auto file = folder / "X_uV.npy";
  const std::int64_t length = samples_per_trial(file);
  labels.for_each_row(options.strict, [&](std::size_t row) {
    const std::int64_t trial = labels.integer(row, "trial");
    Utterance utterance;
    utterance.id = fmt::format("cvep_t{:02}", trial);
    utterance.signal = file.string();
    utterance.ranges = {{trial * length, length}};
    utterance.text = labels.at(row, "char");
    utterance.subject = "p1";
    utterance.session = "1";
    utterance.split = labels.at(row, "split");
    utterance.extra["code_index"] = labels.integer(row, "code_index");
    result.utterances.push_back(std::move(utterance));
  });
  return result;
}

}  // namespace nest::data
