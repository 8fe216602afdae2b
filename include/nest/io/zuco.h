#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/tensor.h"

namespace nest::io {

/// Samples [first_sample, first_sample + num_samples) of a sentence, while the eyes rested on a
/// word.
struct ZucoFixation {
  std::int64_t first_sample = 0;
  std::int64_t num_samples = 0;
};

struct ZucoWord {
  std::string text;
  std::vector<ZucoFixation> fixations;  ///< in the file's order; none: the word was skipped
  int unplaced = 0;  ///< further fixations whose samples do not occur in the sentence
};

struct ZucoSentence {
  std::string text;
  /// [channels, samples] float32 in volts; undefined if the file has none (a trial that was lost).
  /// A channel that was rejected for this sentence is NaN.
  Tensor samples;
  std::vector<ZucoWord> words;
};

/// One subject and task of ZuCo 1.0 (MATLAB 5) or 2.0 (MATLAB 7.3): results<SUBJECT>_<TASK>.mat, a
/// struct array `sentenceData` with `content`, `rawData` and `word` (`content`, `rawEEG`).
///
/// The file states neither rate nor unit nor channel names: the papers give 500 Hz, the authors
/// microvolts (and the kept electrodes of the 128-channel net). When a word was fixated is not
/// stored either, only the EEG of each fixation; a fixation is placed where these samples stand in
/// the sentence, bit for bit, and counted as unplaced where they do not.
/// Cost:    the whole variable is in memory while the object lives
/// Source:  Hollenstein et al. 2018, doi:10.1038/sdata.2018.291; Hollenstein et al. 2020
class ZucoFile {
 public:
  static constexpr double kRateHz = 500;

  /// Errors: NotFound, Io; DataCorrupt if `sentenceData` or one of its fields is missing.
  static ZucoFile open(const std::filesystem::path& path);

  std::int64_t size() const;
  /// Errors: DataCorrupt naming sentence, word and field; InvalidArgument for a bad index.
  ZucoSentence sentence(std::int64_t index) const;

 private:
  struct Impl;
  explicit ZucoFile(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

/// Names of the channels of a file with `count` of them: "E2" ... "E124", "Cz" for 105 (the net's
/// electrodes without those on face and neck), else "".
std::vector<std::string> zuco_channel_names(std::int64_t count);

}  // namespace nest::io
