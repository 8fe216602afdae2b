#include "tests/support/zuco_file.h"

#include <cmath>

#include <gtest/gtest.h>

namespace nest::test {
namespace {

matvar_t* text(const std::string& value) {
  std::size_t dims[2] = {1, value.size()};
  return Mat_VarCreate(nullptr, MAT_C_CHAR, MAT_T_UTF8, 2, dims, const_cast<char*>(value.data()),
                       0);
}

matvar_t* number(double value) {
  std::size_t dims[2] = {1, 1};
  return Mat_VarCreate(nullptr, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, &value, 0);
}

// Single precision, column-major, as the corpus stores EEG.
matvar_t* eeg(const ZucoSentenceContent& content, std::size_t sentence, std::int64_t channels,
              std::int64_t first, std::int64_t count, float offset = 0) {
  std::vector<float> values;
  for (std::int64_t t = first; t < first + count; ++t) {
    for (std::int64_t c = 0; c < channels; ++c) {
      values.push_back(
          c == content.nan_channel ? NAN : static_cast<float>(zuco_value(sentence, c, t)) + offset);
    }
  }
  std::size_t dims[2] = {static_cast<std::size_t>(channels), static_cast<std::size_t>(count)};
  return Mat_VarCreate(nullptr, MAT_C_SINGLE, MAT_T_SINGLE, 2, dims, values.data(), 0);
}

matvar_t* words(const ZucoSentenceContent& content, std::size_t sentence, std::int64_t channels) {
  const char* fields[] = {"content", "nFixations", "rawEEG"};
  std::size_t dims[2] = {1, content.words.size()};
  matvar_t* array = Mat_VarCreateStruct(nullptr, 2, dims, fields, 3);
  for (std::size_t w = 0; w < content.words.size(); ++w) {
    const ZucoWordContent& word = content.words[w];
    std::vector<matvar_t*> parts;
    for (const auto& [first, count] : word.fixations) {
      parts.push_back(eeg(content, sentence, channels, first, count));
    }
    if (w == 0 && content.has_foreign_fixation) {
      parts.push_back(eeg(content, sentence, channels, 0, 3, 0.1F));
    }
    Mat_VarSetStructFieldByName(array, "content", w, text(word.text));
    Mat_VarSetStructFieldByName(array, "nFixations", w, number(static_cast<double>(parts.size())));
    std::size_t none[2] = {0, 0};
    std::size_t cells[2] = {1, parts.size()};
    Mat_VarSetStructFieldByName(
        array, "rawEEG", w,
        parts.empty() ? Mat_VarCreate(nullptr, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, none, nullptr, 0)
                      : Mat_VarCreate(nullptr, MAT_C_CELL, MAT_T_CELL, 2, cells, parts.data(), 0));
  }
  return array;
}

}  // namespace

double zuco_value(std::size_t sentence, std::int64_t channel, std::int64_t sample) {
  return 100.0 * static_cast<double>(sentence) + 10.0 * static_cast<double>(channel) +
         0.25 * static_cast<double>(sample);
}

void write_zuco_file(const std::filesystem::path& path, mat_ft version, std::int64_t channels,
                     const std::vector<ZucoSentenceContent>& sentences) {
  const char* fields[] = {"content", "rawData", "word"};
  std::size_t dims[2] = {1, sentences.size()};
  matvar_t* array = Mat_VarCreateStruct("sentenceData", 2, dims, fields, 3);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const ZucoSentenceContent& content = sentences[i];
    const bool is_lost = content.samples == 0;
    Mat_VarSetStructFieldByName(array, "content", i, text(content.text));
    Mat_VarSetStructFieldByName(
        array, "rawData", i, is_lost ? number(NAN) : eeg(content, i, channels, 0, content.samples));
    Mat_VarSetStructFieldByName(array, "word", i,
                                is_lost ? number(NAN) : words(content, i, channels));
  }
  std::filesystem::remove(path);
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, version);
  ASSERT_NE(file, nullptr) << path;
  EXPECT_EQ(Mat_VarWrite(file, array, MAT_COMPRESSION_ZLIB), 0);
  Mat_VarFree(array);
  Mat_Close(file);
}

}  // namespace nest::test
