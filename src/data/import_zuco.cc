#include <algorithm>
#include <cmath>

#include "data/importers.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/core/utf8.h"
#include "nest/io/npy.h"
#include "nest/io/zuco.h"

namespace nest::data {
namespace {

std::vector<std::filesystem::path> results_in(const std::filesystem::path& in) {
  if (!std::filesystem::is_directory(in)) return {in};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(in)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("results") && name.ends_with(".mat")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  require(!files.empty(), ErrorCode::kNotFound, "{}: no file results*.mat in this folder",
          in.string());
  return files;
}

// "resultsZAB_SR" is subject ZAB reading in task SR.
void name_reader(const std::string& stem, Utterance& utterance) {
  const std::size_t bar = stem.rfind('_');
  require(
      stem.starts_with("results") && bar != std::string::npos && bar > 7 && bar + 1 < stem.size(),
      ErrorCode::kDataCorrupt, "file name '{}.mat' is not results<SUBJECT>_<TASK>.mat", stem);
  utterance.subject = utf8_or_latin1(stem.substr(7, bar - 7));
  utterance.session = utf8_or_latin1(stem.substr(bar + 1));
}

int channel_with_nan(const Tensor& samples) {
  const auto values = samples.data<float>();
  const auto found = std::find_if_not(values.begin(), values.end(),
                                      [](float value) { return std::isfinite(value); });
  return found == values.end() ? -1 : static_cast<int>((found - values.begin()) / samples.dim(1));
}

/// Why a sentence is no utterance, "" if it is one.
std::string problem_of(const io::ZucoSentence& sentence) {
  if (!sentence.samples.defined()) return "the file has no EEG for this sentence";
  if (sentence.text.empty()) return "the sentence is empty";
  const int channel = channel_with_nan(sentence.samples);
  return channel < 0 ? "" : fmt::format("channel {} was rejected (NaN)", channel);
}

Json words_json(const std::vector<io::ZucoWord>& words) {
  Json list = Json::array();
  for (const io::ZucoWord& word : words) {
    Json fixations = Json::array();
    for (const io::ZucoFixation& fixation : word.fixations) {
      fixations.push_back({fixation.first_sample, fixation.num_samples});
    }
    list.push_back({{"text", word.text}, {"fixations", std::move(fixations)}});
  }
  return list;
}

}  // namespace

Imported import_zuco(const ImportOptions& options, const Job& job) {
  const bool draws = options.split.validation_fraction > 0 || options.split.test_fraction > 0;
  require_field(!draws || options.split.by != SplitBy::kUtterance, "split.by",
                "is utterance, but all ZuCo subjects read the same sentences, which would be in "
                "several splits; take text or subject");
  Imported result;
  result.info.name = "zuco";
  result.info.description =
      "ZuCo, natural reading with EEG, CC-BY 4.0, Hollenstein et al. 2018, 2020; 'words' holds "
      "each word's fixations as [first sample, samples]";
  result.info.signal.rate_hz = io::ZucoFile::kRateHz;
  const std::filesystem::path folder = std::filesystem::path(options.out) / "signals";
  for (const auto& path : results_in(options.in)) {
    const std::string stem = path.stem().string();
    Utterance utterance;
    name_reader(stem, utterance);
    const auto file = with_context(path.string(), [&] { return io::ZucoFile::open(path); });
    Progress progress(job, "import " + stem, file.size(), "sentences");
    for (std::int64_t i = 0; i < file.size(); ++i) {
      job.check_stop(kImportRemedy);
      progress.advance();
      utterance.id = fmt::format("{}_{}_{:04}", utterance.subject, utterance.session, i + 1);
      io::ZucoSentence sentence;
      std::string problem;
      try {
        sentence = file.sentence(i);
        problem = problem_of(sentence);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kDataCorrupt) throw;
        problem = error.what();
      }
      if (!problem.empty()) {
        require(!options.strict, ErrorCode::kDataCorrupt, "{}: {}", utterance.id, problem);
        log_warn("left out: {}: {}", utterance.id, problem);
        continue;
      }
      graph::SignalContract& contract = result.info.signal;
      if (contract.num_channels == 0) {
        contract.num_channels = sentence.samples.dim(0);
        contract.channels = io::zuco_channel_names(contract.num_channels);
        if (contract.channels.front().empty()) contract.channels.clear();
      }
      utterance.signal = (folder / (utterance.id + ".npy")).string();
      utterance.text = sentence.text;
      utterance.split = "train";
      utterance.extra = {{"sentence", i + 1}, {"words", words_json(sentence.words)}};
      io::write_npy(utterance.signal, sentence.samples);
      result.utterances.push_back(utterance);
    }
  }
  return result;
}

}  // namespace nest::data
