#include "nest/core/json.h"

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"

namespace nest {
namespace {

std::string message_of(const std::string& text) {
  try {
    parse_json(text, "file.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

TEST(ParseJson, keeps_values_and_the_order_of_keys) {
  const std::string text =
      R"({"z":[1,-2,2.5,true,null,"x"],"a":{"k":{}},"m":18446744073709551615})";
  EXPECT_EQ(parse_json(text, "t").dump(), text);
  EXPECT_EQ(parse_json("7", "t"), Json(7));
}

TEST(ParseJson, a_syntax_error_names_file_and_line) {
  EXPECT_NE(message_of("{\n\"a\": }").find("file.json:2:"), std::string::npos);
  message_of("");
  message_of("{} {}");
  message_of("\"\xff\"");
}

TEST(ParseJson, a_key_that_occurs_twice_is_refused) {
  EXPECT_NE(message_of(R"({"a":1,"b":{"a":2},"a":3})").find("'a' occurs twice"), std::string::npos);
}

TEST(ParseJson, nesting_is_bounded) {
  EXPECT_NE(message_of(std::string(100000, '[')).find("deeper"), std::string::npos);
}

TEST(ParseJson, a_hundred_thousand_keys_are_read) {
  std::string text = "{";
  for (int i = 0; i < 100000; ++i) text += fmt::format("\"{}\":{},", i, i);
  text.back() = '}';
  EXPECT_EQ(parse_json(text, "t").size(), 100000u);
}

}  // namespace
}  // namespace nest
