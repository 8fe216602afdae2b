#include "nest/io/zuco.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "io/mat_file.h"
#include "nest/core/error.h"

namespace nest::io {
namespace {

constexpr double kVoltsPerUnit = 1e-6;

// Electrodes of the 128-channel HydroCel net that the corpus leaves out (Hollenstein et al. 2023,
// doi:10.3389/fpsyg.2022.1028824).
constexpr std::array kLeftOut = {1,  8,  14, 17, 21, 25,  32,  48,  49,  56,  63,  68,
                                 73, 81, 88, 94, 99, 107, 113, 119, 125, 126, 127, 128};
constexpr std::int64_t kChannels = 105;

bool is_same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

// The first sample from which `part` stands in `whole`, -1 if it does not. Both [channels,
// samples].
std::int64_t find_part(const Tensor& whole, const Tensor& part) {
  const std::int64_t channels = whole.dim(0);
  const std::int64_t length = part.dim(1);
  if (part.dim(0) != channels || length == 0) return -1;
  const double* from = whole.data<double>().data();
  const double* wanted = part.data<double>().data();
  const auto stands_at = [&](std::int64_t at) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const double* row = from + c * whole.dim(1) + at;
      if (!std::equal(wanted + c * length, wanted + (c + 1) * length, row, is_same)) return false;
    }
    return true;
  };
  for (std::int64_t at = 0; at + length <= whole.dim(1); ++at) {
    if (stands_at(at)) return at;
  }
  return -1;
}

// The EEG of a word's fixations: a cell array of matrices, or one matrix.
std::vector<Tensor> fixations_of(const MatValue& word, std::int64_t index) {
  std::vector<Tensor> result;
  const auto eeg = word.field("rawEEG", index);
  if (!eeg) return result;
  const auto take = [&](const MatValue& value) {
    if (value.is_numeric() && value.numel() > 1) result.push_back(value.matrix());
  };
  if (eeg->is_cell()) {
    for (std::int64_t i = 0; i < eeg->numel(); ++i) {
      if (const auto fixation = eeg->cell(i)) take(*fixation);
    }
  } else {
    take(*eeg);
  }
  return result;
}

std::vector<ZucoWord> words_of(const MatValue& word, const Tensor& whole) {
  std::vector<ZucoWord> words;
  if (!word.is_struct()) return words;           // NaN where the trial was lost
  if (word.field_names().empty()) return words;  // its size says nothing about the file's
  for (std::int64_t i = 0; i < word.numel(); ++i) {
    with_context(fmt::format("word({})", i + 1), [&] {
      ZucoWord entry;
      const auto content = word.field("content", i);
      if (content && content->is_text()) entry.text = content->text();
      for (const Tensor& fixation : fixations_of(word, i)) {
        const std::int64_t at = whole.defined() ? find_part(whole, fixation) : -1;
        if (at < 0) {
          ++entry.unplaced;
        } else {
          entry.fixations.push_back({at, fixation.dim(1)});
        }
      }
      words.push_back(std::move(entry));
    });
  }
  return words;
}

Tensor in_volts(const Tensor& microvolts) {
  Tensor volts(DType::kF32, microvolts.shape());
  const auto from = microvolts.data<double>();
  std::transform(from.begin(), from.end(), volts.mutable_data<float>().begin(),
                 [](double value) { return static_cast<float>(value * kVoltsPerUnit); });
  return volts;
}

}  // namespace

struct ZucoFile::Impl {
  MatValue sentences;
};

ZucoFile::ZucoFile(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

ZucoFile ZucoFile::open(const std::filesystem::path& path) {
  MatValue sentences =
      MatFile::open(path).read("sentenceData", {"content", "rawData", "word", "rawEEG"});
  require(sentences.is_struct() && sentences.numel() > 0, ErrorCode::kDataCorrupt,
          "sentenceData is no struct array with at least one sentence");
  const auto fields = sentences.field_names();
  for (const char* field : {"content", "rawData", "word"}) {
    require(std::find(fields.begin(), fields.end(), field) != fields.end(), ErrorCode::kDataCorrupt,
            "sentenceData has no field '{}'; it has: {}", field, fmt::join(fields, ", "));
  }
  return ZucoFile(std::make_shared<const Impl>(Impl{std::move(sentences)}));
}

std::int64_t ZucoFile::size() const {
  return impl_->sentences.numel();
}

ZucoSentence ZucoFile::sentence(std::int64_t index) const {
  require(index >= 0 && index < size(), ErrorCode::kInvalidArgument, "sentence {} of {}", index,
          size());
  return with_context(fmt::format("sentenceData({})", index + 1), [&] {
    ZucoSentence sentence;
    const auto content = impl_->sentences.field("content", index);
    require(content && content->is_text(), ErrorCode::kDataCorrupt,
            "content is missing or no text");
    sentence.text = content->text();
    Tensor microvolts;
    const auto raw = impl_->sentences.field("rawData", index);
    if (raw && raw->is_numeric() && raw->numel() > 1) {  // else a single NaN: no EEG
      microvolts = with_context("rawData", [&] { return raw->matrix(); });
      sentence.samples = in_volts(microvolts);
    }
    if (const auto word = impl_->sentences.field("word", index)) {
      sentence.words = words_of(*word, microvolts);
    }
    return sentence;
  });
}

std::vector<std::string> zuco_channel_names(std::int64_t count) {
  std::vector<std::string> names;
  if (count == kChannels) {
    for (int electrode = 1; electrode <= 128; ++electrode) {
      const bool is_left_out =
          std::find(kLeftOut.begin(), kLeftOut.end(), electrode) != kLeftOut.end();
      if (!is_left_out) names.push_back(fmt::format("E{}", electrode));
    }
    names.emplace_back("Cz");
  }
  names.resize(static_cast<std::size_t>(count));
  return names;
}

}  // namespace nest::io
