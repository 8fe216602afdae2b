// Files are made with libmatio in version 5 and 7.3, values are checked through our reader.

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include "io/mat_file.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

matvar_t* matrix(const char* name, std::size_t rows, std::size_t columns,
                 std::vector<double> values) {
  std::size_t dims[2] = {rows, columns};
  return Mat_VarCreate(name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, values.data(), 0);
}

matvar_t* text(const char* name, const std::string& value) {
  std::size_t dims[2] = {1, value.size()};
  return Mat_VarCreate(name, MAT_C_CHAR, MAT_T_UTF8, 2, dims, const_cast<char*>(value.data()), 0);
}

class Mat : public testing::TestWithParam<mat_ft> {
 protected:
  std::filesystem::path path(const std::string& extension) const {
    return test::process_temp_dir() /
           ("mat_test_" + std::to_string(static_cast<int>(GetParam())) + extension);
  }
  void write(const std::filesystem::path& file, const std::vector<matvar_t*>& variables) const {
    std::filesystem::remove(file);
    mat_t* mat = Mat_CreateVer(file.c_str(), nullptr, GetParam());
    ASSERT_NE(mat, nullptr);
    for (matvar_t* variable : variables) {
      ASSERT_EQ(Mat_VarWrite(mat, variable, MAT_COMPRESSION_ZLIB), 0);
      Mat_VarFree(variable);
    }
    Mat_Close(mat);
  }
  // Two channels, three samples, two epochs; one event in each.
  std::vector<matvar_t*> eeglab(matvar_t* data) const {
    std::size_t one[2] = {1, 1};
    std::size_t two[2] = {1, 2};
    const char* fields[] = {"srate", "nbchan", "pnts", "trials", "data", "chanlocs", "event"};
    matvar_t* eeg = Mat_VarCreateStruct("EEG", 2, one, fields, 7);
    Mat_VarSetStructFieldByName(eeg, "srate", 0, matrix(nullptr, 1, 1, {100}));
    Mat_VarSetStructFieldByName(eeg, "nbchan", 0, matrix(nullptr, 1, 1, {2}));
    Mat_VarSetStructFieldByName(eeg, "pnts", 0, matrix(nullptr, 1, 1, {3}));
    Mat_VarSetStructFieldByName(eeg, "trials", 0, matrix(nullptr, 1, 1, {2}));
    Mat_VarSetStructFieldByName(eeg, "data", 0, data);
    const char* label[] = {"labels"};
    matvar_t* locations = Mat_VarCreateStruct("chanlocs", 2, two, label, 1);
    Mat_VarSetStructFieldByName(locations, "labels", 0, text(nullptr, "Fz"));
    Mat_VarSetStructFieldByName(locations, "labels", 1, text(nullptr, "Cz"));
    Mat_VarSetStructFieldByName(eeg, "chanlocs", 0, locations);
    const char* event_fields[] = {"type", "latency"};
    matvar_t* events = Mat_VarCreateStruct("event", 2, two, event_fields, 2);
    Mat_VarSetStructFieldByName(events, "type", 0, text(nullptr, "go"));
    Mat_VarSetStructFieldByName(events, "latency", 0, matrix(nullptr, 1, 1, {2}));
    Mat_VarSetStructFieldByName(events, "type", 1, matrix(nullptr, 1, 1, {7}));
    Mat_VarSetStructFieldByName(events, "latency", 1, matrix(nullptr, 1, 1, {5}));
    Mat_VarSetStructFieldByName(eeg, "event", 0, events);
    return {eeg};
  }
  static void expect_eeglab(const Recording& set) {
    const RecordingInfo& info = set.info();
    EXPECT_EQ(info.channels[1].name, "Cz");
    EXPECT_EQ(info.rate_hz, 100);
    EXPECT_EQ(info.segments.size(), 2u);
    ASSERT_EQ(info.annotations.size(), 2u);
    EXPECT_EQ(info.annotations[0].text, "go");
    EXPECT_DOUBLE_EQ(info.annotations[0].onset_s, 0.01);
    EXPECT_EQ(info.annotations[1].text, "7");
    const Tensor samples = set.read_all(DType::kF64);
    EXPECT_EQ(samples.shape(), (Shape{2, 6}));
    for (int k = 0; k < 6; ++k) {
      EXPECT_NEAR(samples.data<double>()[static_cast<std::size_t>(k)], 1e-6 * k, 1e-15);
      EXPECT_NEAR(samples.data<double>()[static_cast<std::size_t>(6 + k)], -1e-6 * k, 1e-15);
    }
  }
};

TEST_P(Mat, matrices_texts_and_structs_read_back) {
  std::size_t one[2] = {1, 1};
  const char* fields[] = {"content"};
  matvar_t* sentence = Mat_VarCreateStruct("sentence", 2, one, fields, 1);
  Mat_VarSetStructFieldByName(sentence, "content", 0, text(nullptr, "hello"));
  write(path(".mat"), {matrix("x", 2, 3, {1, 2, 3, 4, 5, 6}), matrix("fs", 1, 1, {250}), sentence});
  const MatFile file = MatFile::open(path(".mat"));
  const Tensor x = file.read("x").matrix();
  const auto values = x.data<double>();
  EXPECT_THAT(std::vector<double>(values.begin(), values.end()), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_EQ(file.read("sentence").field("content")->text(), "hello");
  EXPECT_FALSE(file.read("sentence").field("absent").has_value());
  EXPECT_THAT([&] { file.read("y"); }, testing::ThrowsMessage<Error>(HasSubstr("the file has: ")));
}

TEST_P(Mat, a_matrix_is_a_recording_and_a_scalar_its_rate) {
  write(path(".mat"), {matrix("tall", 3, 2, {1, 2, 3, 4, 5, 6}), matrix("fs", 1, 1, {250})});
  const auto recording = open_recording(path(".mat"));
  EXPECT_EQ(recording->info().rate_hz, 250);
  EXPECT_EQ(recording->info().num_samples, 3);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("more rows than columns")));
  const Tensor samples = recording->read_all(DType::kF64);
  EXPECT_EQ(samples.data<double>()[3], 4);
  EXPECT_THROW(open_recording(path(".mat"), {.stream = "none"}), Error);
}

TEST_P(Mat, eeglab_data_inside_the_file) {
  std::size_t dims[3] = {2, 3, 2};
  std::vector<float> values;
  for (int k = 0; k < 6; ++k) {
    values.push_back(static_cast<float>(k));
    values.push_back(static_cast<float>(-k));
  }
  write(path(".set"),
        eeglab(Mat_VarCreate(nullptr, MAT_C_SINGLE, MAT_T_SINGLE, 3, dims, values.data(), 0)));
  expect_eeglab(*open_recording(path(".set")));
}

TEST_P(Mat, eeglab_data_beside_the_file) {
  write(path(".set"), eeglab(text(nullptr, path(".fdt").filename().string())));
  std::vector<float> values;
  for (int k = 0; k < 6; ++k) {
    values.push_back(static_cast<float>(k));
    values.push_back(static_cast<float>(-k));
  }
  write_bytes_file(path(".fdt"), std::as_bytes(std::span(values)));
  expect_eeglab(*open_recording(path(".set")));
  write_bytes_file(path(".fdt"), std::as_bytes(std::span(values)).first(40));
  EXPECT_THAT([&] { open_recording(path(".set")); },
              testing::ThrowsMessage<Error>(HasSubstr("truncated")));
}

TEST_P(Mat, every_cut_of_a_file_gives_an_error_or_a_part_never_a_crash) {
  write(path(".mat"), {matrix("x", 2, 3, {1, 2, 3, 4, 5, 6})});
  const std::string whole = read_text_file(path(".mat"));
  const std::size_t step = std::max<std::size_t>(1, whole.size() / 40);
  for (std::size_t size = 0; size < whole.size(); size += step) {
    write_text_file(path(".cut.mat"), whole.substr(0, size));
    try {
      open_recording(path(".cut.mat"))->read_all();
    } catch (const Error& error) {
      EXPECT_EQ(exit_code(error.code()), 3) << error.what();
    }
  }
}

// The own parser of version 5: texts, structs and cells, plain and compressed.
TEST(Mat5, no_flipped_byte_does_worse_than_a_data_error) {
  const auto corpus = test::tests_dir().parent_path() / "fuzz/corpus/mat";
  const test::TempDir dir;
  std::size_t checked = 0;
  for (const char* name : {"matrix", "eeglab", "zuco", "zuco_deflated"}) {
    const std::string whole = read_text_file(corpus / name);
    const auto path = dir / (std::string(name) == "eeglab" ? "x.set" : "x.mat");
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ std::array{'\x01', '\x80', '\xFF'}[at % 3]);
      test::write_carelessly(path, flipped);
      try {
        open_recording(path)->read_all();
      } catch (const Error& error) {
        EXPECT_EQ(exit_code(error.code()), 3) << name << " byte " << at << ": " << error.what();
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 2000u);
}

TEST(Mat5, big_endian_files_and_numbers_stored_in_fewer_bytes) {
  const auto be32 = [](std::uint32_t v) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 0xFF);
    return out;
  };
  const std::string array = be32(6) + be32(8) + be32(6) + be32(0) +          // a double array
                            be32(5) + be32(8) + be32(1) + be32(3) +          // 1 x 3
                            be32(1 | 1 << 16) + std::string("x\0\0\0", 4) +  // named x
                            be32(3) + be32(6) + std::string("\0\7\xFF\xFE\1\0", 6) +  // int16
                            std::string(2, '\0');
  std::string file = "MATLAB 5.0 MAT-file";
  file.resize(124, ' ');
  file += std::string("\1\0MI", 4) + be32(14) + be32(static_cast<std::uint32_t>(array.size()));
  const test::TempDir dir;
  write_text_file(dir / "be.mat", file + array);
  EXPECT_THAT(MatFile::open(dir / "be.mat").read("x").numbers(), ElementsAre(7, -2, 256));
}

INSTANTIATE_TEST_SUITE_P(Versions, Mat, testing::Values(MAT_FT_MAT5, MAT_FT_MAT73),
                         [](const auto& info) {
                           return info.param == MAT_FT_MAT5 ? "version_5" : "version_7_3";
                         });

}  // namespace
}  // namespace nest::io
