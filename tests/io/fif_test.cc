#include "io/fif.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/support/error_of.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::io {
namespace {

using testing::HasSubstr;

std::string be32(std::int32_t value) {
  const auto bits = static_cast<std::uint32_t>(value);
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(bits >> shift);
  return out;
}
std::string be_float(float value) {
  std::int32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return be32(bits);
}
std::string tag(std::int32_t kind, std::int32_t type, const std::string& data,
                std::int32_t next = 0) {
  return be32(kind) + be32(type) + be32(static_cast<std::int32_t>(data.size())) + be32(next) + data;
}
std::string block(std::int32_t kind, const std::string& content) {
  return tag(104, 3, be32(kind)) + content + tag(105, 3, be32(kind));
}
std::string channel(const std::string& name, std::int32_t kind, float calibration) {
  std::string label = name;
  label.resize(16, '\0');
  return tag(203, 30,
             be32(1) + be32(1) + be32(kind) + be_float(2) + be_float(calibration) + be32(1) +
                 std::string(48, '\0') + be32(107) + be32(0) + label);
}
/// 16-bit samples 0, 1, 2, ... of two channels.
std::string buffer(std::int16_t first, int samples) {
  std::string data;
  for (int i = 0; i < 2 * samples; ++i) {
    const auto value = static_cast<std::uint16_t>(first + i);
    data += static_cast<char>(value >> 8);
    data += static_cast<char>(value);
  }
  return tag(300, 2, data);
}
std::string info_block(const std::string& more = "") {
  return block(101, tag(200, 3, be32(2)) + tag(201, 4, be_float(50)) + channel("A", 2, 0.5F) +
                        channel("B", 3, 1) + more);
}
std::string file(const std::string& data, const std::string& info = info_block()) {
  return tag(100, 31, std::string(20, '\0')) + block(100, info + block(102, data));
}

std::shared_ptr<const Recording> open_bytes(const std::string& bytes,
                                            bool allow_truncated = false) {
  OpenOptions options;
  options.allow_truncated = allow_truncated;
  return open_fif(ByteSource::from_text(bytes), options);
}
std::string error_of(const std::string& bytes, ErrorCode code, bool allow_truncated = false) {
  try {
    open_bytes(bytes, allow_truncated);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(Fif, values_are_stored_times_range_times_calibration) {
  const auto recording = open_bytes(file(buffer(0, 3)));
  EXPECT_EQ(recording->info().channels[1].type, ChannelType::kStim);
  const Tensor samples = recording->read_all(DType::kF64);
  EXPECT_THAT(std::vector<double>(samples.data<double>().begin(), samples.data<double>().end()),
              testing::ElementsAre(0, 2, 4, 2, 6, 10));
}

TEST(Fif, a_skip_is_a_gap_as_long_as_that_many_of_the_buffers_behind_it) {
  const auto recording = open_bytes(
      file(tag(208, 3, be32(100)) + buffer(0, 5) + tag(301, 3, be32(2)) + buffer(10, 5)));
  ASSERT_EQ(recording->info().segments.size(), 2U);
  EXPECT_EQ(recording->info().num_samples, 10);
  EXPECT_DOUBLE_EQ(recording->info().segments[1].time_s, 15 / 50.0);
}

TEST(Fif, names_are_latin_1_with_references_for_what_it_lacks) {
  const std::string notes = block(3810, tag(3568, 4, be_float(1)) + tag(3569, 4, be_float(2)) +
                                            tag(206, 10, "\xE4 &#8364;{COLON} x"));
  const auto recording = open_bytes(file(buffer(0, 5)) + notes);
  ASSERT_EQ(recording->info().annotations.size(), 1U);
  EXPECT_EQ(recording->info().annotations[0].text, "ä €: x");
}

TEST(Fif, a_file_that_ends_early_is_an_error_unless_its_part_is_asked_for) {
  const std::string whole = file(buffer(0, 5) + buffer(10, 5));
  const std::string cut = whole.substr(0, whole.size() - 50);
  EXPECT_THAT(error_of(cut, ErrorCode::kDataCorrupt), HasSubstr("truncated: tag 300"));
  const auto recording = open_bytes(cut, true);
  EXPECT_EQ(recording->info().num_samples, 5);
  EXPECT_EQ(recording->info().warnings.size(), 1U);
}

TEST(Fif, impossible_tags_are_named_with_their_byte) {
  std::string negative = file(buffer(0, 5));
  negative.replace(8, 4, be32(-5));
  EXPECT_THAT(error_of(negative, ErrorCode::kDataCorrupt), HasSubstr("byte 0: tag 100 has a size"));
  const std::string back = tag(100, 31, std::string(20, '\0'), 16);
  EXPECT_THAT(error_of(back, ErrorCode::kDataCorrupt), HasSubstr("before its own end 36"));
  EXPECT_THAT(error_of(file(tag(300, 2, "abc")), ErrorCode::kDataCorrupt),
              HasSubstr("no whole number of samples"));
  EXPECT_THAT(error_of(file(tag(300, 20, std::string(16, '\0'))), ErrorCode::kUnsupported),
              HasSubstr("samples of type 20 are not read"));
  EXPECT_THAT(error_of(file(buffer(0, 5), info_block(channel("C", 2, 1))), ErrorCode::kDataCorrupt),
              HasSubstr("describes 3 channels, and says that it has 2"));
}

TEST(Fif, a_file_without_raw_data_is_refused_by_what_it_lacks) {
  const std::string events = tag(100, 31, std::string(20, '\0')) + block(100, info_block());
  EXPECT_THAT(error_of(events, ErrorCode::kUnsupported), HasSubstr("without raw data"));
}

TEST(Fif, annotations_without_a_possible_time_are_left_out_with_a_word) {
  const std::string notes =
      block(3810, tag(3568, 4, be_float(1) + be_float(NAN)) +
                      tag(3569, 4, be_float(2) + be_float(1)) + tag(206, 10, "one:two:three"));
  const auto recording = open_bytes(file(buffer(0, 5)) + notes);
  ASSERT_EQ(recording->info().annotations.size(), 1U);
  EXPECT_EQ(recording->info().annotations[0].text, "one");
  EXPECT_THAT(recording->info().warnings,
              testing::ElementsAre(HasSubstr("2 onsets, 2 ends, 3 texts"),
                                   HasSubstr("1 of 2 have no possible time")));
}

class FifParts : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    std::ofstream(dir_ / name, std::ios::binary) << bytes;
    return dir_ / name;
  }
  static std::string next_part(const std::string& name) {
    return block(118, tag(115, 3, be32(2)) + tag(118, 10, name));
  }
  std::string error_of(const std::filesystem::path& path) {
    return test::error_of([&] { open_fif(path); });
  }
  test::TempDir dir_;
};

TEST_F(FifParts, a_missing_part_is_an_error_unless_the_rest_is_asked_for) {
  const auto path = write("a_raw.fif", file(buffer(0, 5)) + next_part("a_raw-1.fif"));
  EXPECT_THAT(error_of(path), HasSubstr("goes on in a_raw-1.fif, which is not beside it"));
  OpenOptions options;
  options.allow_truncated = true;
  EXPECT_EQ(open_fif(path, options)->info().num_samples, 5);
}

TEST_F(FifParts, parts_are_looked_for_beside_the_first_and_never_twice) {
  EXPECT_THAT(error_of(write("b_raw.fif", file(buffer(0, 5)) + next_part("../b_raw.fif"))),
              HasSubstr("no plain file name"));
  EXPECT_THAT(error_of(write("c_raw.fif", file(buffer(0, 5)) + next_part("c_raw.fif"))),
              HasSubstr("lead back to c_raw.fif"));
}

TEST_F(FifParts, a_part_of_other_channels_or_of_earlier_samples_is_refused) {
  const std::string first = file(tag(208, 3, be32(100)) + buffer(0, 5));
  write("d_raw-1.fif", file(tag(208, 3, be32(105)) + buffer(10, 5),
                            block(101, tag(200, 3, be32(2)) + tag(201, 4, be_float(50)) +
                                           channel("A", 2, 1) + channel("C", 2, 1))));
  EXPECT_THAT(error_of(write("d_raw.fif", first + next_part("d_raw-1.fif"))),
              HasSubstr("are not those of the first part"));
  write("e_raw-1.fif", file(tag(208, 3, be32(50)) + buffer(10, 5)));
  EXPECT_THAT(error_of(write("e_raw.fif", first + next_part("e_raw-1.fif"))),
              HasSubstr("its first sample is 50, before the end of the part before, 105"));
}

}  // namespace
}  // namespace nest::io
