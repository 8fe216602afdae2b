#include "nest/core/error.h"

#include <gtest/gtest.h>

namespace nest {
namespace {

TEST(Error, carries_code_message_location_and_context_outermost_first) {
  try {
    with_context("recording.edf", [] {
      with_context("record 7",
                   [] { fail(ErrorCode::kDataCorrupt, "length {} exceeds the limit {}", 9, 4); });
    });
    FAIL() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_STREQ(error.what(), "recording.edf: record 7: length 9 exceeds the limit 4");
    EXPECT_EQ(error.message(), "length 9 exceeds the limit 4");
    EXPECT_NE(std::string(error.where().file_name()).find("error_test.cc"), std::string::npos);
  }
}

TEST(Error, a_context_that_the_text_begins_with_is_not_repeated) {
  Error error(ErrorCode::kNotFound, "run/last.pt: no such file");
  error.add_context("run/last.pt");
  EXPECT_STREQ(error.what(), "run/last.pt: no such file");
  error.add_context("run/last");
  EXPECT_STREQ(error.what(), "run/last: run/last.pt: no such file");
  EXPECT_EQ(error.context().size(), 2u);
}

TEST(Error, exit_codes_follow_the_command_contract) {
  EXPECT_EQ(exit_code(ErrorCode::kCheckFailed), 1);
  EXPECT_EQ(exit_code(ErrorCode::kInvalidArgument), 2);
  EXPECT_EQ(exit_code(ErrorCode::kNotFound), 3);
  EXPECT_EQ(exit_code(ErrorCode::kDataCorrupt), 3);
  EXPECT_EQ(exit_code(ErrorCode::kIo), 3);
  EXPECT_EQ(exit_code(ErrorCode::kInternal), 4);
}

}  // namespace
}  // namespace nest
