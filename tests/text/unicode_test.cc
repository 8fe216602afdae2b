#include "nest/text/unicode.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest::text {
namespace {

TEST(Unicode, utf8_round_trips_through_code_points) {
  const std::string text = "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x99\x82";
  const std::u32string points = decode_utf8(text);
  EXPECT_EQ(points, U"aé日🙂");
  EXPECT_EQ(encode_utf8(points), text);
}

class MalformedUtf8 : public testing::TestWithParam<std::string> {};

TEST_P(MalformedUtf8, is_refused_with_its_offset) {
  try {
    decode_utf8("ok" + GetParam());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_NE(std::string(error.what()).find("offset 2"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Unicode, MalformedUtf8,
                         testing::Values("\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                                         "\xF4\x90\x80\x80", "\xFF", "\xF0\x9F\x99"));

TEST(Unicode, nfc_composes_and_leaves_ascii_alone) {
  EXPECT_EQ(nfc("e\xCC\x81"), "\xC3\xA9");
  EXPECT_EQ(nfc("plain text"), "plain text");
  EXPECT_EQ(nfc("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "\xED\x95\x9C");  // Hangul jamo
  EXPECT_THROW(nfc("\xC3"), Error);
}

TEST(Unicode, text_above_the_limit_is_refused_before_any_work) {
  const std::string large(kMaxTextBytes + 1, 'a');
  EXPECT_THROW(nfc(large), Error);
  EXPECT_THROW(decode_utf8(large), Error);
}

TEST(Unicode, lowercase_covers_other_scripts) {
  EXPECT_EQ(lowercase("ÜBER ΣΑ ЖЗ"), "über σα жз");
  EXPECT_EQ(lowercase("\xC4\xB0"), "i\xCC\x87");
}

TEST(Unicode, words_split_at_any_white_space) {
  EXPECT_EQ(split_words("  a\tb\xC2\xA0"
                        "c\xE3\x80\x80"
                        "d \n"),
            (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_TRUE(split_words(" \t ").empty());
  EXPECT_EQ(strip("\xC2\xA0 x y \n"), "x y");
  EXPECT_EQ(strip("   "), "");
}

}  // namespace
}  // namespace nest::text
