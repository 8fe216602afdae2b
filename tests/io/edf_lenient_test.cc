// One bad item of an EDF file costs itself, is named, and leaves the rest as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edf_bytes.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/utf8.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::string kStamp("\x14\x14\0", 3);

EdfBytes three_records() {
  EdfBytes edf;
  edf.reserved = "EDF+C";
  edf.declared_records = 3;
  edf.signals = {{.label = "Fz", .unit = ""},
                 {.label = "-", .unit = ""},
                 {.label = "EDF Annotations", .unit = "", .per_record = 20}};
  for (int record = 0; record < 3; ++record) {
    for (int i = 0; i < 4; ++i) edf.add(10 * record + i);
    for (int i = 0; i < 4; ++i) edf.add(-1);
    edf.add_tal(fmt::format("+{}", record) + kStamp + fmt::format("+{}.5\x15", record) +
                    "0.25\x14note" + std::string("\x14\0", 2),
                40);
  }
  return edf;
}

std::vector<double> values(const Recording& recording) {
  const Tensor samples = recording.read_all(DType::kF64);
  return {samples.data<double>().begin(), samples.data<double>().end()};
}

struct Unscaled {
  const char* name;
  const char* said;
  void (*spoil)(EdfBytes::Signal&);
};

class EdfUnscaledSignal : public testing::TestWithParam<Unscaled> {};

TEST_P(EdfUnscaledSignal, is_left_out_and_named_beside_sound_ones) {
  EdfBytes edf = three_records();
  GetParam().spoil(edf.signals[1]);
  const auto recording = edf.open();
  ASSERT_EQ(recording->info().channels.size(), 1u);
  EXPECT_THAT(values(*recording), ElementsAre(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23));
  EXPECT_EQ(recording->info().annotations.size(), 3u);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("signal 2 '-'")));
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr(GetParam().said)));
}

INSTANTIATE_TEST_SUITE_P(
    Edf, EdfUnscaledSignal,
    testing::Values(
        Unscaled{"equal_physical_limits", "header byte 600: physical maximum '-32768  ' equals",
                 [](auto& s) { s.physical_max = s.physical_min; }},
        Unscaled{"equal_digital_limits", "is not above the digital minimum",
                 [](auto& s) { s.digital_max = s.digital_min; }},
        Unscaled{"all_limits_equal", "equals the physical minimum",
                 [](auto& s) { s.digital_max = s.digital_min = s.physical_max = s.physical_min; }},
        Unscaled{"a_limit_that_is_no_number", "physical minimum 'none    ' is not a number",
                 [](auto& s) { s.physical_min = "none"; }},
        Unscaled{"no_limits", "is not a number",
                 [](auto& s) { s.digital_max = s.digital_min = ""; }}),
    [](const auto& info) { return info.param.name; });

TEST(EdfLenient, without_any_sound_signal_or_annotation_the_file_is_an_error) {
  EdfBytes edf;
  edf.declared_records = 1;
  edf.signals = {{.physical_max = "-32768"}};
  for (int i = 0; i < 4; ++i) edf.add(i);
  EXPECT_THAT([&] { edf.open(); }, ThrowsMessage<Error>(HasSubstr("no signal can be read")));
}

TEST(EdfLenient, an_annotation_signal_needs_no_numbers_in_its_header) {
  EdfBytes edf = three_records();
  edf.signals[2].physical_min = edf.signals[2].physical_max = "";
  edf.signals[2].digital_min = edf.signals[2].digital_max = "x";
  EXPECT_THAT(edf.open()->info().warnings, testing::IsEmpty());
}

struct BadList {
  const char* name;
  std::string bytes;  ///< in place of record 1's lists, 40 bytes
  const char* said;
  std::size_t notes;  ///< of the three records that survive
};

class EdfBadList : public testing::TestWithParam<BadList> {};

TEST_P(EdfBadList, is_reported_with_its_record_and_byte_and_costs_itself) {
  for (const char* reserved : {"EDF+C", "EDF+D"}) {
    EdfBytes edf = three_records();
    edf.reserved = reserved;
    std::string bytes = GetParam().bytes;
    bytes.resize(40, '\0');
    edf.data.replace(56 + 16, 40, bytes);
    const auto recording = edf.open();
    EXPECT_EQ(values(*recording).size(), 24u);
    EXPECT_EQ(recording->info().segments.size(), 1u);
    EXPECT_EQ(recording->info().annotations.size(), GetParam().notes);
    EXPECT_THAT(recording->info().warnings, Contains(HasSubstr(GetParam().said)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Edf, EdfBadList,
    testing::Values(
        BadList{"onset_that_is_no_number",
                "+1" + kStamp + "+x" + std::string("\x14note\x14\0+1.7\x14other\x14\0", 19),
                "record 1: byte 5: the onset is not a number", 3},
        BadList{"list_without_its_end", "+1" + kStamp + "+1.5\x14note\x14+++",
                "record 1: byte 5: the list is not closed", 3},
        BadList{"list_that_fills_the_record",
                "+1" + kStamp + "+1.5\x14" + "a text that is longer than the rest it has",
                "record 1: byte 5: the list is not closed", 2},
        BadList{"negative_duration",
                "+1" + kStamp + "+1.5\x15-2\x14note" + std::string("\x14\0", 2),
                "the duration is no number of seconds", 2},
        BadList{"record_time_that_is_no_number",
                "x1" + kStamp + "+1.5\x14note" + std::string("\x14\0", 2),
                "record 1: byte 0: a time stamp must begin", 3}),
    [](const auto& info) { return info.param.name; });

TEST(EdfLenient, records_without_duration_have_events_but_no_signal_with_a_rate) {
  EdfBytes edf;
  edf.reserved = "EDF+D";
  edf.duration = "0";
  edf.declared_records = 2;
  edf.signals = {{.label = "EDF Annotations", .unit = "", .per_record = 20},
                 {.label = "Crc16", .unit = "", .per_record = 1}};
  for (int record = 0; record < 2; ++record) {
    edf.add_tal("+0" + kStamp + fmt::format("+{}\x15", 30 * record) + "12\x14Hypopnea" +
                    std::string("\x14\0", 2),
                40);
    edf.add(7);
  }
  const auto recording = edf.open();
  EXPECT_EQ(recording->info().num_samples, 0);
  ASSERT_EQ(recording->info().annotations.size(), 2u);
  EXPECT_EQ(recording->info().annotations[1].text, "Hypopnea");
  EXPECT_DOUBLE_EQ(recording->info().annotations[1].onset_s, 30);
  EXPECT_DOUBLE_EQ(recording->info().annotations[1].duration_s, 12);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("Crc16")));
}

TEST(EdfLenient, texts_that_are_no_utf8_are_read_as_latin_1_and_named) {
  EdfBytes edf = three_records();
  edf.patient = "X X X Ren\xE9";
  edf.recording = "Startdate 06-JUL-2012 X caf\xE9 X";
  edf.signals[0].label = "C\xE2nula";
  edf.signals[0].unit = "\xB5V";
  const std::size_t at = edf.data.find("note");
  edf.data.replace(at, 4, "f\xFFt\xE9");
  const auto recording = edf.open();
  const RecordingInfo& info = recording->info();
  EXPECT_EQ(info.channels[0].name, "C\xC3\xA2nula");
  EXPECT_EQ(info.channels[0].file_unit, "\xC2\xB5V");
  EXPECT_EQ(info.channels[0].unit, "V") << "a micro sign in Latin-1 is a micro sign";
  EXPECT_EQ(info.annotations[0].text, "f\xC3\xBFt\xC3\xA9");
  EXPECT_THAT(info.warnings, Contains(HasSubstr("label 'C\xC3\xA2nula'")));
  for (const std::string& warning : info.warnings) EXPECT_TRUE(is_utf8(warning));
}

TEST(EdfLenient, an_unreadable_number_of_records_is_counted) {
  EdfBytes edf = three_records();
  std::string text = edf.text();
  text.replace(236, 8, "        ");
  const auto recording = open_edf(ByteSource::from_text(text));
  EXPECT_EQ(recording->info().num_samples, 12);
  EXPECT_THAT(recording->info().warnings, Contains(HasSubstr("header byte 236")));
}

TEST(EdfLenient, an_overlapping_record_follows_the_one_before_it) {
  EdfBytes edf = three_records();
  edf.reserved = "EDF+D";
  edf.data[56 + 16 + 1] = '0';  // record 1 is stamped 0 s
  const auto recording = edf.open();
  EXPECT_EQ(recording->info().segments.size(), 1u);
  EXPECT_THAT(recording->info().warnings, Contains(HasSubstr("record 1 at 0 s, expected 1 s")));
}

TEST(EdfLenient, an_unknown_start_is_no_date) {
  EdfBytes edf = three_records();
  edf.recording = "Startdate X X X X";
  edf.start = "01.01.8500.00.00";
  EXPECT_EQ(edf.open()->info().start_time, "");
  EXPECT_THAT(edf.open()->info().warnings, testing::IsEmpty());
  edf.recording = "";
  EXPECT_EQ(edf.open()->info().start_time, "");
  edf.recording = "Startdate 01-JAN-1985 X X X";
  EXPECT_EQ(edf.open()->info().start_time, "1985-01-01T00:00:00");
  edf.recording = "Startdate 02-MAR-1969 X X X";
  edf.start = "02.03.yy10.00.00";
  EXPECT_EQ(edf.open()->info().start_time, "1969-03-02T10:00:00");
}

TEST(EdfLenient, the_first_time_stamp_is_part_of_the_start) {
  EdfBytes edf = three_records();
  edf.data.replace(16, 40, [&] {
    std::string lists = "+0.25" + kStamp + "+0.75\x14note" + std::string("\x14\0", 2);
    lists.resize(40, '\0');
    return lists;
  }());
  edf.declared_records = 1;
  const auto recording = edf.open();
  EXPECT_EQ(recording->info().start_time, "2012-07-06T19:02:16.250000");
  EXPECT_DOUBLE_EQ(recording->info().annotations[0].onset_s, 0.5);
}

TEST(EdfLenient, strict_makes_a_warning_an_error_of_open_recording) {
  const test::TempDir dir;
  EdfBytes edf = three_records();
  write_text_file(dir / "sound.edf", edf.text());
  EXPECT_NO_THROW(open_recording(dir / "sound.edf", {.strict = true}));
  edf.signals[1].physical_max = edf.signals[1].physical_min;
  write_text_file(dir / "dummy.edf", edf.text());
  EXPECT_NO_THROW(open_recording(dir / "dummy.edf"));
  EXPECT_THAT([&] { open_recording(dir / "dummy.edf", {.strict = true}); },
              ThrowsMessage<Error>(HasSubstr("signal 2 '-'")));
}

}  // namespace
}  // namespace nest::io
