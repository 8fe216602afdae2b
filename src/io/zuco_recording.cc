#include "io/zuco_recording.h"

#include <algorithm>

#include "io/departures.h"
#include "nest/core/error.h"
#include "nest/io/zuco.h"

namespace nest::io {
namespace {

class ZucoRecording : public Recording {
 public:
  ZucoRecording(const std::filesystem::path& path, const OpenOptions& options) {
    const ZucoFile file = ZucoFile::open(path);
    info_.format = "ZuCo";
    info_.stream = "sentenceData";
    info_.rate_hz = options.rate_hz > 0 ? options.rate_hz : ZucoFile::kRateHz;
    std::int64_t lost = 0;
    Departures departures;
    for (std::int64_t i = 0; i < file.size(); ++i) {
      try {
        ZucoSentence sentence = file.sentence(i);
        if (sentence.samples.defined()) {
          add(std::move(sentence), i);
        } else {
          ++lost;
        }
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kDataCorrupt) throw;
        departures.add("sentence left out", error.what());
      }
    }
    info_.warnings = departures.lines();
    require(!sentences_.empty(), ErrorCode::kDataCorrupt, "none of {} sentences has EEG{}{}",
            file.size(), info_.warnings.empty() ? "" : ": ", fmt::join(info_.warnings, "; "));
    name_channels();
    if (lost > 0) {
      info_.warnings.push_back(fmt::format("{} of {} sentences have no EEG", lost, file.size()));
    }
    if (unplaced_ > 0) {
      info_.warnings.push_back(fmt::format(
          "{} fixations are no annotations: their EEG does not occur in the sentence", unplaced_));
    }
    info_.notes.push_back(
        "sentences are shown one after the other, as segments; the file does not say when they "
        "were read");
  }

 private:
  void add(ZucoSentence sentence, std::int64_t index) {
    const std::int64_t length = sentence.samples.dim(1);
    require(sentences_.empty() || sentence.samples.dim(0) == sentences_.front().dim(0),
            ErrorCode::kDataCorrupt, "sentenceData({}): {} channels, the sentences before have {}",
            index + 1, sentence.samples.dim(0), sentences_.empty() ? 0 : sentences_.front().dim(0));
    const auto seconds = [&](std::int64_t n) { return static_cast<double>(n) / info_.rate_hz; };
    const double start_s = seconds(info_.num_samples);
    info_.segments.push_back({info_.num_samples, length, start_s});
    info_.annotations.push_back({start_s, seconds(length), sentence.text, ""});
    const auto words_begin = static_cast<std::ptrdiff_t>(info_.annotations.size());
    for (const ZucoWord& word : sentence.words) {
      unplaced_ += word.unplaced;
      for (const ZucoFixation& fixation : word.fixations) {
        info_.annotations.push_back({seconds(info_.num_samples + fixation.first_sample),
                                     seconds(fixation.num_samples), "word/" + word.text, ""});
      }
    }
    std::stable_sort(info_.annotations.begin() + words_begin, info_.annotations.end(),
                     [](const auto& a, const auto& b) { return a.onset_s < b.onset_s; });
    info_.num_samples += length;
    sentences_.push_back(std::move(sentence.samples));
  }

  void name_channels() {
    for (const std::string& name : zuco_channel_names(sentences_.front().dim(0))) {
      info_.channels.push_back({.name = name, .unit = "V", .file_unit = "uV"});
    }
  }

  void read_block(std::span<const int> channels, std::int64_t first, std::int64_t count,
                  double* out) const override {
    for (std::size_t i = 0; i < sentences_.size(); ++i) {
      const Segment& segment = info_.segments[i];
      const std::int64_t from = std::max(first, segment.first_sample);
      const std::int64_t to = std::min(first + count, segment.first_sample + segment.num_samples);
      if (from >= to) continue;
      const float* samples = sentences_[i].data<float>().data();
      for (std::size_t row = 0; row < channels.size(); ++row) {
        const float* values =
            samples + channels[row] * segment.num_samples + from - segment.first_sample;
        std::copy_n(values, to - from, out + static_cast<std::int64_t>(row) * count + from - first);
      }
    }
  }

  std::vector<Tensor> sentences_;  // [channels, samples], as the segments
  std::int64_t unplaced_ = 0;
};

}  // namespace

bool is_zuco(const MatFile& file) {
  return std::any_of(file.variables().begin(), file.variables().end(), [](const auto& variable) {
    return variable.name == "sentenceData" && !variable.is_numeric;
  });
}

std::shared_ptr<const Recording> open_zuco(const std::filesystem::path& path,
                                           const OpenOptions& options) {
  return std::make_shared<ZucoRecording>(path, options);
}

}  // namespace nest::io
