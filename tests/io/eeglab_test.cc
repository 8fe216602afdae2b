// EEGLAB's own conventions: what a boundary is, how data files are laid out, what a dataset is.
// Files are made with libmatio.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include "io/mat_file.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/utf8.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

matvar_t* number(double value) {
  std::size_t dims[2] = {1, 1};
  return Mat_VarCreate(nullptr, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, &value, 0);
}

matvar_t* mat_text(const std::string& value) {
  std::size_t dims[2] = {1, value.size()};
  return Mat_VarCreate(nullptr, MAT_C_CHAR, MAT_T_UTF8, 2, dims, const_cast<char*>(value.data()),
                       0);
}

struct Event {
  matvar_t* type = nullptr;
  double latency = 0;
};

class Eeglab : public testing::Test {
 protected:
  // Two channels, ten samples at 100 Hz.
  matvar_t* dataset(const std::vector<Event>& events, matvar_t* data,
                    const std::string& label = "Cz") {
    std::size_t one[2] = {1, 1};
    const char* fields[] = {"srate", "nbchan",   "pnts",  "trials",
                            "data",  "chanlocs", "event", "history"};
    matvar_t* eeg = Mat_VarCreateStruct("EEG", 2, one, fields, 8);
    const double numbers[] = {100, 2, 10, 1};
    for (int i = 0; i < 4; ++i) Mat_VarSetStructFieldByName(eeg, fields[i], 0, number(numbers[i]));
    Mat_VarSetStructFieldByName(eeg, "data", 0, data);
    std::size_t two[2] = {1, 2};
    const char* location_fields[] = {"labels", "type"};
    matvar_t* locations = Mat_VarCreateStruct("chanlocs", 2, two, location_fields, 2);
    Mat_VarSetStructFieldByName(locations, "type", 1, mat_text("EOG"));
    Mat_VarSetStructFieldByName(locations, "labels", 0, mat_text("Fz"));
    Mat_VarSetStructFieldByName(locations, "labels", 1, mat_text(label));
    Mat_VarSetStructFieldByName(eeg, "chanlocs", 0, locations);
    std::size_t count[2] = {1, events.size()};
    const char* event_fields[] = {"type", "latency"};
    matvar_t* list = Mat_VarCreateStruct("event", 2, count, event_fields, 2);
    for (std::size_t i = 0; i < events.size(); ++i) {
      Mat_VarSetStructFieldByName(list, "type", i, events[i].type);
      Mat_VarSetStructFieldByName(list, "latency", i, number(events[i].latency));
    }
    Mat_VarSetStructFieldByName(eeg, "event", 0, list);
    return eeg;
  }
  static matvar_t* inside() {
    std::size_t dims[2] = {2, 10};
    std::vector<float> values;
    for (int k = 0; k < 10; ++k)
      values.insert(values.end(), {static_cast<float>(k), static_cast<float>(100 + k)});
    return Mat_VarCreate(nullptr, MAT_C_SINGLE, MAT_T_SINGLE, 2, dims, values.data(), 0);
  }
  std::filesystem::path write(const std::string& name, matvar_t* variable,
                              matio_compression compression = MAT_COMPRESSION_ZLIB) {
    const auto path = dir_ / name;
    mat_t* mat = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
    EXPECT_EQ(Mat_VarWrite(mat, variable, compression), 0);
    Mat_VarFree(variable);
    Mat_Close(mat);
    return path;
  }
  static void expect_samples(const Recording& recording) {
    const Tensor samples = recording.read_all(DType::kF64);
    for (int k = 0; k < 10; ++k) {
      EXPECT_NEAR(samples.data<double>()[static_cast<std::size_t>(k)], 1e-6 * k, 1e-15);
      EXPECT_NEAR(samples.data<double>()[static_cast<std::size_t>(10 + k)], 1e-6 * (100 + k),
                  1e-12);
    }
  }
  test::TempDir dir_;
};

TEST_F(Eeglab, a_boundary_is_known_by_number_case_and_prefix) {
  const std::pair<const char*, matvar_t* (*)()> boundaries[] = {
      {"boundary", [] { return mat_text("boundary"); }},
      {"Boundary", [] { return mat_text("Boundary"); }},
      {"boundary, discontinuity", [] { return mat_text("boundary, discontinuity"); }},
      {"-99", [] { return number(-99); }}};
  for (const auto& [shown, type] : boundaries) {
    const auto path = write("a.set", dataset({{number(1), 2}, {type(), 5.5}}, inside()));
    const auto recording = open_recording(path);
    ASSERT_EQ(recording->info().segments.size(), 2u) << shown;
    EXPECT_EQ(recording->info().segments[1].first_sample, 5) << shown;
    EXPECT_EQ(recording->info().annotations[1].text, shown);
  }
}

TEST_F(Eeglab, other_events_cut_nothing) {
  const auto path = write(
      "a.set",
      dataset({{mat_text("the boundary"), 3}, {number(99), 5.5}, {mat_text("-99"), 6}}, inside()));
  EXPECT_EQ(open_recording(path)->info().segments.size(), 1u);
}

TEST_F(Eeglab, a_dataset_is_known_by_its_content_whatever_its_name) {
  for (const char* name : {"a.set", "b.mat", "C.SET"}) {
    const auto path = write(name, dataset({{number(1), 2}}, inside()));
    EXPECT_EQ(recording_format(path), "EEGLAB") << name;
    expect_samples(*open_recording(path));
  }
  std::size_t dims[2] = {2, 3};
  double values[] = {1, 2, 3, 4, 5, 6};
  matvar_t* matrix = Mat_VarCreate("x", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, values, 0);
  EXPECT_EQ(recording_format(write("matrix.set", matrix)), "MATLAB");
}

TEST_F(Eeglab, the_layout_of_a_data_file_follows_its_extension) {
  std::vector<float> by_sample, by_channel;
  for (int k = 0; k < 10; ++k)
    by_sample.insert(by_sample.end(), {static_cast<float>(k), static_cast<float>(100 + k)});
  for (int c = 0; c < 2; ++c) {
    for (int k = 0; k < 10; ++k) by_channel.push_back(static_cast<float>(100 * c + k));
  }
  const auto fdt = write("a.set", dataset({{number(1), 2}}, mat_text("a.fdt")));
  write_bytes_file(dir_ / "a.fdt", std::as_bytes(std::span(by_sample)));
  expect_samples(*open_recording(fdt));
  const auto dat = write("b.set", dataset({{number(1), 2}}, mat_text("b.dat")));
  write_bytes_file(dir_ / "b.dat", std::as_bytes(std::span(by_channel)));
  expect_samples(*open_recording(dat));
  expect_samples(*open_recording(dir_ / "b.dat"));
  EXPECT_EQ(companion_files(dat), std::vector{dir_ / "b.dat"});
  std::filesystem::rename(dir_ / "a.set", dir_ / "renamed.set");
  std::filesystem::rename(dir_ / "a.fdt", dir_ / "renamed.fdt");
  expect_samples(*open_recording(dir_ / "renamed.set"));
}

TEST_F(Eeglab, texts_that_are_no_utf8_are_read_as_latin_1) {
  const auto path =
      write("a.set", dataset({{mat_text("fQ"), 2}}, inside(), "CWn"), MAT_COMPRESSION_NONE);
  std::string bytes = read_text_file(path);  // libmatio writes UTF-8 only
  bytes[bytes.find("fQ") + 1] = '\xFF';
  bytes[bytes.find("CWn") + 1] = '\xE2';
  write_text_file(path, bytes);
  const RecordingInfo info = open_recording(path)->info();
  EXPECT_EQ(info.channels[1].name, "C\xC3\xA2n");
  EXPECT_EQ(info.annotations[0].text, "f\xC3\xBF");
  EXPECT_THAT(info.warnings, Contains(HasSubstr("EEG.chanlocs(2).labels")));
}

TEST_F(Eeglab, channels_have_the_types_that_the_dataset_states) {
  const RecordingInfo info = open_recording(write("a.set", dataset({}, inside())))->info();
  EXPECT_EQ(info.channels[0].type, ChannelType::kUnknown);
  EXPECT_EQ(info.channels[1].type, ChannelType::kEog);
}

TEST_F(Eeglab, an_event_without_a_latency_is_left_out_and_named) {
  const auto path = write("a.set", dataset({{number(1), NAN}, {number(2), 4}}, inside()));
  const RecordingInfo info = open_recording(path)->info();
  EXPECT_EQ(info.annotations.size(), 1u);
  EXPECT_THAT(info.warnings, ElementsAre(HasSubstr("EEG.event(1)")));
}

// A file of two matrices, the first with a damaged header.
TEST(MatLenient, a_damaged_variable_costs_itself) {
  const test::TempDir dir;
  const auto path = dir / "two.mat";
  mat_t* mat = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  for (const char* name : {"bad", "good"}) {
    std::size_t dims[2] = {2, 3};
    double values[] = {1, 2, 3, 4, 5, 6};
    matvar_t* variable = Mat_VarCreate(name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, values, 0);
    EXPECT_EQ(Mat_VarWrite(mat, variable, MAT_COMPRESSION_NONE), 0);
    Mat_VarFree(variable);
  }
  Mat_Close(mat);
  std::string bytes = read_text_file(path);
  bytes[128 + 8 + 16 + 8 + 3] = '\x80';  // a dimension below zero
  write_text_file(path, bytes);
  const auto recording = open_recording(path);
  EXPECT_EQ(recording->info().stream, "good");
  EXPECT_THAT(recording->info().warnings, Contains(HasSubstr("variable left out: at byte 128")));
}

TEST(MatLenient, elements_without_fields_are_none_however_many_a_file_claims) {
  const test::TempDir dir;
  std::filesystem::copy_file(
      test::tests_dir().parent_path() / "fuzz/corpus/mat/elements_without_fields", dir / "a.set");
  const auto recording = open_recording(dir / "a.set");
  EXPECT_EQ(recording->info().num_samples, 3);
  EXPECT_THAT(recording->info().annotations, IsEmpty());
  EXPECT_THAT(recording->info().warnings, IsEmpty());
}

TEST(MatText, utf_16_pairs_are_one_character_and_halves_are_replaced) {
  const test::TempDir dir;
  const auto path = dir / "text.mat";
  std::u16string value = u"a\xD83D\xDE00z";
  value += char16_t{0xD800};
  std::size_t dims[2] = {1, value.size()};
  mat_t* mat = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  matvar_t* variable = Mat_VarCreate("s", MAT_C_CHAR, MAT_T_UTF16, 2, dims, value.data(), 0);
  ASSERT_EQ(Mat_VarWrite(mat, variable, MAT_COMPRESSION_NONE), 0);
  Mat_VarFree(variable);
  Mat_Close(mat);
  const std::string read = MatFile::open(path).read("s").text();
  EXPECT_TRUE(is_utf8(read));
  EXPECT_EQ(read, "a\xF0\x9F\x98\x80z\xEF\xBF\xBD");
}

}  // namespace
}  // namespace nest::io
