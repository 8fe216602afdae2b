#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <matio.h>

namespace nest::test {

/// A word of a made-up ZuCo file; each fixation is a range of the sentence's samples.
struct ZucoWordContent {
  std::string text;
  std::vector<std::pair<std::int64_t, std::int64_t>> fixations;  ///< first sample, samples
};

/// A sentence of a made-up ZuCo file. Sample t of channel c is zuco_value(number, c, t).
struct ZucoSentenceContent {
  std::string text;
  std::int64_t samples = 0;  ///< 0: lost, the file has a single NaN
  std::vector<ZucoWordContent> words;
  int nan_channel = -1;               ///< rejected in this sentence
  bool has_foreign_fixation = false;  ///< the first word has one more, of samples found nowhere
};

/// Microvolts, different at every place.
double zuco_value(std::size_t sentence, std::int64_t channel, std::int64_t sample);

/// Writes `sentenceData` as the corpus has it: struct array, words a struct array, rawEEG a cell
/// array, NaN for what was lost. MAT_FT_MAT5 as ZuCo 1.0, MAT_FT_MAT73 (HDF5 references) as 2.0.
void write_zuco_file(const std::filesystem::path& path, mat_ft version, std::int64_t channels,
                     const std::vector<ZucoSentenceContent>& sentences);

}  // namespace nest::test
