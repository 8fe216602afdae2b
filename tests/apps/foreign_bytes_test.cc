// A byte 0xFF in every text of a recording of every format: no verb ends in an internal error, and
// what is printed as JSON is JSON in UTF-8.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/utf8.h"
#include "nest/io/npy.h"
#include "nest/io/zip.h"
#include "tests/io/edf_bytes.h"
#include "tests/io/xdf_bytes.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

std::string edf(bool is_bdf) {
  io::EdfBytes edf;
  edf.version = is_bdf ? "\xFF"
                         "BIOSEMI"
                       : "0";
  edf.sample_bytes = is_bdf ? 3 : 2;
  edf.patient = "X X X \xFF";
  edf.recording = "Startdate X \xFF X X";
  edf.reserved = is_bdf ? "BDF+C" : "EDF+C";
  edf.declared_records = 1;
  edf.signals = {
      {.label = "\xFF", .unit = "\xFF", .per_record = 100},
      {.label = is_bdf ? "BDF Annotations" : "EDF Annotations", .unit = "\xFF", .per_record = 20}};
  for (int i = 0; i < 100; ++i) edf.add(i);
  edf.add_tal("+0" + std::string("\x14\x14\0", 3) +
                  "+0.1\x15"
                  "0.5\x14\xFF" +
                  std::string("\x14\0", 2),
              static_cast<std::size_t>(20 * edf.sample_bytes));
  return edf.text();
}

std::string gdf() {
  std::string bytes = io::gdf_bytes();
  for (const std::size_t label : {256u, 272u}) bytes[label] = '\xFF';
  return bytes;
}

std::string xdf() {
  io::XdfBytes xdf;
  xdf.header(1, "\xFF", "E\xFF", 100, 1, "int16",
             "<channels><channel><label>\xFF</label><unit>\xFF</unit></channel></channels>");
  xdf.header(2, "\xFF", "Markers", 0, 1, "string");
  for (int n = 0; n < 200; ++n) xdf.sample(1, 10 + n / 100.0, n);
  xdf.marker(2, 10.5, "\xFF");
  return xdf.out;
}

std::string npz() {
  std::ostringstream array;
  io::write_npy(array, Tensor(DType::kF32, {2, 50}));
  const std::string bytes = array.str();
  std::ostringstream out;
  io::ZipWriter zip(out);
  zip.add_stored("\xFF.npy", std::as_bytes(std::span(bytes)));
  zip.finish();
  return out.str();
}

std::string fif() {
  std::string bytes = read_text_file(test::tests_dir() / "golden/fif/long_names_raw.fif");
  for (const std::string_view text : {"EEG", "MEG"}) {
    for (std::size_t at = bytes.find(text); at != std::string::npos;
         at = bytes.find(text, at + 1)) {
      bytes[at] = '\xFF';
    }
  }
  return bytes;
}

void write_mat(const std::filesystem::path& path, matvar_t* variable) {
  mat_t* mat = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  EXPECT_EQ(Mat_VarWrite(mat, variable, MAT_COMPRESSION_NONE), 0);
  Mat_VarFree(variable);
  Mat_Close(mat);
}

matvar_t* number(const char* name, double value) {
  std::size_t dims[2] = {1, 1};
  return Mat_VarCreate(name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, &value, 0);
}

matvar_t* byte_text() {
  std::size_t dims[2] = {1, 1};
  char value[] = "\xFF";
  return Mat_VarCreate(nullptr, MAT_C_CHAR, MAT_T_UTF8, 2, dims, value, 0);
}

matvar_t* eeglab() {
  std::size_t one[2] = {1, 1};
  const char* fields[] = {"srate", "nbchan", "pnts", "trials", "data", "chanlocs", "event"};
  matvar_t* eeg = Mat_VarCreateStruct("EEG", 2, one, fields, 7);
  const double numbers[] = {100, 1, 10, 1};
  for (int i = 0; i < 4; ++i)
    Mat_VarSetStructFieldByName(eeg, fields[i], 0, number(nullptr, numbers[i]));
  std::size_t dims[2] = {1, 10};
  float values[10] = {};
  Mat_VarSetStructFieldByName(
      eeg, "data", 0, Mat_VarCreate(nullptr, MAT_C_SINGLE, MAT_T_SINGLE, 2, dims, values, 0));
  const char* label[] = {"labels"};
  matvar_t* locations = Mat_VarCreateStruct("chanlocs", 2, one, label, 1);
  Mat_VarSetStructFieldByName(locations, "labels", 0, byte_text());
  Mat_VarSetStructFieldByName(eeg, "chanlocs", 0, locations);
  const char* event_fields[] = {"type", "latency"};
  matvar_t* events = Mat_VarCreateStruct("event", 2, one, event_fields, 2);
  Mat_VarSetStructFieldByName(events, "type", 0, byte_text());
  Mat_VarSetStructFieldByName(events, "latency", 0, number(nullptr, 3));
  Mat_VarSetStructFieldByName(eeg, "event", 0, events);
  return eeg;
}

matvar_t* matrix() {
  std::size_t dims[2] = {2, 30};
  std::vector<double> values(60);
  return Mat_VarCreate("\xFF", MAT_C_DOUBLE, MAT_T_DOUBLE, 2, dims, values.data(), 0);
}

void write_brainvision(const std::filesystem::path& folder) {
  write_text_file(
      folder / "r.vhdr",
      "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nDataFile=r.eeg\n"
      "MarkerFile=r.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
      "NumberOfChannels=1\nSamplingInterval=10000\n[Binary Infos]\nBinaryFormat=INT_16\n"
      "[\xFF]\n\xFF=\xFF\n[Channel Infos]\nCh1=\xFF,\xFF,1,\xFF\n");
  write_text_file(folder / "r.eeg", std::string(200, '\1'));
  write_text_file(folder / "r.vmrk",
                  "Brain Vision Data Exchange Marker File, Version 1.0\n[Marker Infos]\n"
                  "Mk1=\xFF,\xFF,11,50,0\nMk2=\xFF,\xFF,\xFF,1,0\n");
}

class ForeignBytes : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string format = GetParam();
    file_ = dir_ / ("r." + format);
    if (format == "edf") write_text_file(file_, edf(false));
    if (format == "bdf") write_text_file(file_, edf(true));
    if (format == "gdf") write_text_file(file_, gdf());
    if (format == "xdf") write_text_file(file_, xdf());
    if (format == "npz") write_text_file(file_, npz());
    if (format == "fif") write_text_file(file_, fif());
    if (format == "csv") write_text_file(file_, "time,\xFF,\xFF\xFF\n0,1,\xFF\n0.01,2,\xFF\n");
    if (format == "set") write_mat(file_, eeglab());
    if (format == "mat") write_mat(file_, matrix());
    if (format == "vhdr") write_brainvision(dir_.path());
  }

  // Runs a verb; its output is JSON in UTF-8 if it succeeds, and it never ends in exit code 4.
  Json run(const std::string& arguments) {
    const auto result = test::run_nest(NEST_BINARY, arguments);
    EXPECT_LT(result.exit_code, 4) << arguments << ": " << result.err;
    EXPECT_GE(result.exit_code, 0) << arguments;
    EXPECT_TRUE(is_utf8(result.out)) << result.out;
    EXPECT_EQ(result.err.find("internal"), std::string::npos) << result.err;
    if (result.exit_code != 0) return Json();
    return parse_json(result.out, arguments);
  }

  test::TempDir dir_;
  std::filesystem::path file_;
};

TEST_P(ForeignBytes, end_in_no_internal_error_of_inspect_convert_or_import) {
  const Json report = run("inspect --json '" + file_.string() + "'");
  ASSERT_TRUE(report.is_object());
  EXPECT_TRUE(report.value("ok", false) || report["kind"] == "arrays") << report.dump();
  const Json written = run("convert --json --rate 100 '" + file_.string() + "' '" +
                           (dir_ / "out.edf").string() + "'");
  EXPECT_TRUE(written.is_object());
  run("import --json --format edf-annotations --in '" + file_.string() + "' --out '" +
      (dir_ / "dataset").string() + "'");
  run("inspect --json --stream '\xFF' '" + file_.string() + "'");
}

INSTANTIATE_TEST_SUITE_P(Formats, ForeignBytes,
                         testing::Values("edf", "bdf", "gdf", "xdf", "npz", "fif", "csv", "set",
                                         "mat", "vhdr"),
                         [](const auto& info) { return info.param; });

TEST(ForeignBytesInNames, of_files_end_in_no_internal_error) {
  const test::TempDir dir;
  const auto file = dir / "\xFF.edf";
  write_text_file(file, edf(false));
  for (const std::string& arguments :
       {"inspect --json '" + file.string() + "'",
        "convert --json '" + file.string() + "' '" + (dir / "\xFF\xFF.edf").string() + "'",
        "inspect --json '" + (dir / "missing\xFF.edf").string() + "'",
        "import --json --format edf-annotations --in '" + file.string() + "' --out '" +
            (dir / "out\xFF").string() + "'"}) {
    const auto result = test::run_nest(NEST_BINARY, arguments);
    EXPECT_LT(result.exit_code, 4) << arguments << ": " << result.err;
    EXPECT_TRUE(is_utf8(result.out)) << result.out;
  }
}

TEST(ForeignBytesInTables, of_labels_are_read_as_latin_1) {
  const test::TempDir dir;
  write_text_file(dir / "ref.txt", "ferm\xE9\n");
  write_text_file(dir / "by.txt", "\xFF\n");
  write_text_file(dir / "hyp.txt", "closed\n");
  const auto result = test::run_nest(
      NEST_BINARY, "score --json --ref " + (dir / "ref.txt").string() + " --hyp " +
                       (dir / "hyp.txt").string() + " --by " + (dir / "by.txt").string());
  EXPECT_LT(result.exit_code, 4) << result.err;
}

}  // namespace
}  // namespace nest
