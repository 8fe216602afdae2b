#include "nest/core/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Utf8, well_formed_text_is_told_from_other_bytes) {
  for (const char* text : {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const char* bytes :
       {"\xE9", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bytes));
  }
}

TEST(Utf8, every_character_is_appended_as_it_is_decoded) {
  for (const char32_t c :
       {U'\x7F', U'\x80', U'\x7FF', U'\x800', U'\xFFFD', U'\x10000', U'\x10FFFF'}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_TRUE(is_utf8(text)) << static_cast<unsigned>(c);
  }
  std::string text;
  EXPECT_THROW(append_utf8(text, 0xD800), Error);
  EXPECT_THROW(append_utf8(text, 0x110000), Error);
}

TEST(Utf8, latin_1_is_assumed_only_of_what_is_no_utf8) {
  EXPECT_EQ(utf8_or_latin1("yeux ferm\xE9s"), "yeux ferm\xC3\xA9s");
  EXPECT_EQ(utf8_or_latin1("yeux ferm\xC3\xA9s"), "yeux ferm\xC3\xA9s");
  EXPECT_EQ(utf8_from_latin1("don\x92t \x80"), "don\xE2\x80\x99t \xE2\x82\xAC");
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  EXPECT_TRUE(is_utf8(utf8_from_latin1(every)));
}

TEST(Utf8, bytes_of_no_character_are_replaced_one_by_one) {
  EXPECT_EQ(utf8_with_replacements("a\xFF\xC3\xA9\xC3"), "a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD");
}

TEST(ByteOrderMark, is_no_part_of_the_text) {
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBFtext", "f"), "text");
  EXPECT_EQ(without_byte_order_mark("text", "f"), "text");
  EXPECT_EQ(without_byte_order_mark(std::string("\xFF\xFE"
                                                "a\0\xE9\0\x3D\xD8\x00\xDE",
                                                10),
                                    "f"),
            "a\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(without_byte_order_mark(std::string("\xFE\xFF\0a\0\xE9\xD8\x3D\xDE\x00", 10), "f"),
            "a\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(ByteOrderMark, of_text_that_is_none_is_an_error_that_names_the_file) {
  EXPECT_THAT(
      [] {
        without_byte_order_mark(
            "\xFF\xFE"
            "a",
            "f.txt");
      },
      ThrowsMessage<Error>(HasSubstr("f.txt: UTF-16 by its byte order mark, but cut off")));
  EXPECT_THAT([] { without_byte_order_mark("\xFF\xFE\x3D\xD8", "f.txt"); },
              ThrowsMessage<Error>(HasSubstr("half a character stands alone at byte 2")));
  EXPECT_THAT([] { without_byte_order_mark(std::string("\xFF\xFE\0\0", 4), "f.txt"); },
              ThrowsMessage<Error>(HasSubstr("UTF-32")));
}

TEST(ByteOrderMark, is_left_out_by_every_reader_of_text_files) {
  const test::TempDir dir;
  test::write_carelessly(dir / "marked",
                         "\xEF\xBB\xBF"
                         "one\r\ntwo\n");
  EXPECT_EQ(read_text_file(dir / "marked"), "one\r\ntwo\n");
  EXPECT_THAT(read_lines(dir / "marked"), ElementsAre("one", "two"));
}

}  // namespace
}  // namespace nest
