// Quotes, decimal commas, text columns and cut last rows of tables.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/csv_recording.h"
#include "nest/core/error.h"
#include "nest/core/utf8.h"
#include "tests/io/recording_parts.h"

namespace nest::io {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

TEST(CsvQuoting, a_quoted_cell_keeps_its_separators_quotes_and_line_ends) {
  const auto csv = open_csv(
      "time,\"Fz, left\",\"the \"\"good\"\" one\", \"two\nlines\" ,plain\r\n"
      "0,1,2,3,\"4\"\r\n0.5,5,6,7,8\r\n");
  EXPECT_THAT(names(*csv), ElementsAre("Fz, left", "the \"good\" one", "two\nlines", "plain"));
  EXPECT_THAT(row(*csv, 3), ElementsAre(4, 8));
  EXPECT_DOUBLE_EQ(csv->info().rate_hz, 2);
}

TEST(CsvQuoting, a_separator_inside_quotes_does_not_separate) {
  const auto csv = open_csv("\"a;b\",c\n1,2\n");
  EXPECT_THAT(names(*csv), ElementsAre("a;b", "c"));
  EXPECT_THAT(names(*open_csv("\"a,b\";c\n1;2\n")), ElementsAre("a,b", "c"));
}

TEST(CsvQuoting, a_quote_inside_a_cell_and_one_that_never_ends_are_characters) {
  EXPECT_THAT(names(*open_csv("5\" left,b\n1,2\n")), ElementsAre("5\" left", "b"));
  EXPECT_THAT(names(*open_csv("5\" left;b\n1;2\n")), ElementsAre("5\" left", "b"));
  EXPECT_THAT(names(*open_csv("\"a,b\n1,2\n")), ElementsAre("\"a", "b"));
}

TEST(CsvQuoting, errors_name_the_line_of_the_file_behind_a_cell_of_several_lines) {
  EXPECT_THAT([] { open_csv("\"a\n\n\",b\n1,2\n3,x\n"); },
              ThrowsMessage<Error>(HasSubstr("line 5, column 2: 'x'")));
}

class DecimalComma : public testing::TestWithParam<char> {};

TEST_P(DecimalComma, is_the_mark_where_another_character_separates) {
  std::string text = "time;Fz;Cz\n0,000;0,5;-1,25\n0,004;+2;1,5e1\n0,008;;3.5\n";
  std::replace(text.begin(), text.end(), ';', GetParam());
  const auto csv = open_csv(text);
  EXPECT_NEAR(csv->info().rate_hz, 250, 1e-9);
  EXPECT_EQ(row(*csv, 0)[0], 0.5);
  EXPECT_EQ(row(*csv, 0)[1], 2);
  EXPECT_TRUE(std::isnan(row(*csv, 0)[2]));
  EXPECT_THAT(row(*csv, 1), ElementsAre(-1.25, 15, 3.5)) << "a point is one as well";
}

INSTANTIATE_TEST_SUITE_P(Csv, DecimalComma, testing::Values(';', '\t'),
                         [](const auto& info) { return info.param == ';' ? "semicolon" : "tab"; });

TEST(CsvColumns, a_column_of_texts_is_left_out_and_named) {
  const auto csv = open_csv("Fz,event,Cz\n1,,2\n3,go,4\n");
  EXPECT_THAT(names(*csv), ElementsAre("Fz", "Cz"));
  EXPECT_THAT(csv->info().warnings, ElementsAre(HasSubstr("2 'event'")));
}

TEST(CsvColumns, names_that_are_no_utf8_are_read_as_latin_1) {
  const auto csv = open_csv("C\xE2n,\xFF\n1,2\n");
  EXPECT_THAT(names(*csv), ElementsAre("C\xC3\xA2n", "\xC3\xBF"));
  EXPECT_THAT(csv->info().warnings, ElementsAre(HasSubstr("name of column 1")));
}

TEST(CsvColumns, a_warning_about_a_long_name_is_utf8) {
  for (const std::string head : {"", "a"}) {
    const auto csv = open_csv(head + std::string(300, '\xE9') + "\n1\n");
    ASSERT_EQ(csv->info().warnings.size(), 1u);
    EXPECT_TRUE(is_utf8(csv->info().warnings.front())) << "no character is cut in half";
  }
}

TEST(CsvColumns, a_byte_order_mark_is_no_part_of_the_first_name) {
  EXPECT_THAT(names(*open_csv("\xEF\xBB\xBF"
                              "Fz,Cz\n1,2\n")),
              ElementsAre("Fz", "Cz"));
  EXPECT_THAT(names(*open_csv(std::string("\xFF\xFE"
                                          "F\0\n\0001\0\n\0",
                                          10))),
              ElementsAre("F"));
}

struct Cut {
  const char* name;
  const char* text;
};
class CutTable : public testing::TestWithParam<Cut> {};

TEST_P(CutTable, is_refused_and_read_without_its_last_row_when_allowed) {
  EXPECT_THAT([] { open_csv(GetParam().text); },
              ThrowsMessage<Error>(AllOf(HasSubstr("line 4"), HasSubstr("`allow_truncated`"))));
  const auto csv = open_csv(GetParam().text, {.allow_truncated = true});
  EXPECT_EQ(csv->info().num_samples, 2);
  EXPECT_THAT(csv->info().warnings, ElementsAre(HasSubstr("line 4")));
  EXPECT_THAT(row(*csv, 1), ElementsAre(2, 4));
}

INSTANTIATE_TEST_SUITE_P(Csv, CutTable,
                         testing::Values(Cut{"a_cell_is_missing", "a,b,c\n1,2,3\n3,4,5\n5,6"},
                                         Cut{"a_cell_is_empty", "a,b,c\n1,2,3\n3,4,5\n5,6,"},
                                         Cut{"half_a_number", "a,b,c\n1,2,3\n3,4,5\n5,6,1e-"},
                                         Cut{"an_open_quote", "a,b,c\n1,2,3\n3,4,\"5\"\n5,6,\"7"},
                                         Cut{"one_cell_of_many",
                                             "a;b;c;d;e\n1;2;3;4;5\n3;4;5;6;7\n5"}),
                         [](const auto& info) { return info.param.name; });

TEST(CsvEnd, a_whole_last_row_needs_no_line_end) {
  EXPECT_THAT(row(*open_csv("a,b\n1,2\n3,4"), 1), ElementsAre(2, 4));
  EXPECT_THAT(row(*open_csv("a,b,c\n1,2\n3,4"), 1), ElementsAre(2, 4)) << "as short as the others";
  const auto allowed = open_csv("a,b\n1,2\n3,4", {.allow_truncated = true});
  EXPECT_THAT(row(*allowed, 1), ElementsAre(2, 4));
  EXPECT_THAT(allowed->info().warnings, ElementsAre(HasSubstr("line 3")))
      << "it may have been 3,42";
}

}  // namespace
}  // namespace nest::io
