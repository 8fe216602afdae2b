// Which stream of an XDF file is shown, and what a damaged one costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/utf8.h"
#include "xdf_bytes.h"

namespace nest::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

void add_samples(XdfBytes& xdf, std::uint32_t id, int count, double start = 10) {
  for (int n = 0; n < count; ++n) xdf.sample(id, start + n / 100.0, n);
}

TEST(XdfStreams, a_stream_without_samples_is_listed_and_never_shown) {
  XdfBytes xdf;
  xdf.header(1, "old", "EEG", 100, 8);
  xdf.header(2, "headset", "EEG", 100);
  add_samples(xdf, 2, 50);
  const auto recording = xdf.open();
  EXPECT_EQ(recording->info().stream, "headset");
  ASSERT_EQ(recording->info().other_streams.size(), 1u);
  EXPECT_EQ(recording->info().other_streams[0].name, "old");
  EXPECT_EQ(recording->info().other_streams[0].num_samples, 0);
  EXPECT_THAT([&] { xdf.open({.stream = "old"}); },
              ThrowsMessage<Error>(HasSubstr("no samples in stream 'old'")));
}

TEST(XdfStreams, a_file_in_which_nothing_was_sent_is_an_error_that_lists_its_streams) {
  XdfBytes xdf;
  xdf.header(1, "a", "EEG", 100);
  EXPECT_THAT([&] { xdf.open(); }, ThrowsMessage<Error>(HasSubstr("'a' (id 1, 0 samples)")));
}

TEST(XdfStreams, streams_of_one_name_are_chosen_by_id) {
  XdfBytes xdf;
  xdf.header(3, "EEG", "EEG", 100);
  xdf.header(7, "EEG", "EEG", 100);
  add_samples(xdf, 3, 30);
  add_samples(xdf, 7, 70, 20);
  EXPECT_EQ(xdf.open({.stream = "3"})->info().num_samples, 30);
  EXPECT_EQ(xdf.open({.stream = "7"})->info().num_samples, 70);
  EXPECT_EQ(xdf.open({.stream = "7"})->info().other_streams[0].id, "3");
  EXPECT_THAT([&] { xdf.open({.stream = "EEG"}); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("id 3"), HasSubstr("id 7"))));
  const auto recording = xdf.open();
  EXPECT_EQ(recording->info().stream_id, "7") << "the longer one";
  EXPECT_THAT(recording->info().notes, Contains(HasSubstr("more than once")));
}

TEST(XdfStreams, an_empty_stream_does_not_make_a_name_ambiguous) {
  XdfBytes xdf;
  xdf.header(3, "EEG", "EEG", 100);
  xdf.header(7, "EEG", "EEG", 100);
  add_samples(xdf, 7, 70);
  EXPECT_EQ(xdf.open({.stream = "EEG"})->info().stream_id, "7");
}

TEST(XdfStreams, a_stream_that_cannot_be_read_is_left_out_beside_sound_ones) {
  XdfBytes xdf;
  xdf.header(1, "amp", "EEG", 100);
  xdf.header(2, "strange", "EEG", 100, 1, "complex64");
  xdf.header(3, "impossible", "EEG", 100, -4);
  add_samples(xdf, 2, 5);
  add_samples(xdf, 1, 40);
  add_samples(xdf, 9, 1);  // never announced
  const auto recording = xdf.open();
  EXPECT_EQ(recording->info().num_samples, 40);
  const std::string warnings = fmt::format("{}", fmt::join(recording->info().warnings, "\n"));
  EXPECT_THAT(warnings, HasSubstr("channel_format 'complex64'"));
  EXPECT_THAT(warnings, HasSubstr("channel_count '-4'"));
  EXPECT_THAT(warnings, HasSubstr("stream 9 has no header"));
}

TEST(XdfStreams, a_damaged_chunk_costs_itself) {
  XdfBytes xdf;
  xdf.header(1, "amp", "EEG", 100);
  add_samples(xdf, 1, 10);
  std::string content;
  put<std::uint32_t>(content, 1);
  xdf_chunk(xdf.out, 3, content + "\1\7\10");  // seven samples, of which nothing is there
  for (int n = 10; n < 20; ++n) xdf.sample(1, 10 + n / 100.0, n);
  const auto recording = xdf.open();
  EXPECT_EQ(recording->info().num_samples, 20);
  EXPECT_THAT(recording->info().warnings, ElementsAre(HasSubstr("chunk at byte")));
}

TEST(XdfStreams, texts_that_are_no_utf8_are_read_as_latin_1) {
  XdfBytes xdf;
  xdf.header(1, "ger\xE4t", "EEG", 100, 1, "int16",
             "<channels><channel><label>C\xE2n</label><unit>\xB5V</unit></channel></channels>");
  xdf.header(2, "cues", "Markers", 0, 1, "string");
  add_samples(xdf, 1, 10);
  xdf.marker(2, 10.05, "\xFF");
  const auto recording = xdf.open();
  const RecordingInfo& info = recording->info();
  EXPECT_EQ(info.stream, "ger\xC3\xA4t");
  EXPECT_EQ(info.channels[0].name, "C\xC3\xA2n");
  EXPECT_EQ(info.channels[0].unit, "V");
  EXPECT_EQ(info.annotations[0].text, "\xC3\xBF");
  EXPECT_THAT(info.warnings, Contains(HasSubstr("stream 1: name")));
}

TEST(XdfStreams, a_channel_has_the_type_that_the_header_states) {
  XdfBytes xdf;
  xdf.header(1, "amp", "EEG", 100, 1, "int16",
             "<channels><channel><label>X</label><type>EOG</type></channel></channels>");
  add_samples(xdf, 1, 10);
  EXPECT_EQ(xdf.open()->info().channels[0].type, ChannelType::kEog);
}

TEST(XdfStreams, a_rate_may_be_written_with_a_comma) {
  XdfBytes xdf;
  xdf.header(1, "amp", "EEG", 100);
  add_samples(xdf, 1, 10);
  xdf.out.replace(xdf.out.find("<nominal_srate>100<"), 19, "<nominal_srate>0,5<");
  EXPECT_EQ(xdf.open()->info().rate_hz, 0.5);
}

}  // namespace
}  // namespace nest::io
