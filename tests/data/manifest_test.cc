#include "nest/data/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

using testing::HasSubstr;

TEST(Manifest, a_line_returns_after_writing_and_reading) {
  const Json json =
      Json::parse(R"({"id":"u1","signal":"a.edf","first_sample":5,"num_samples":7,)"
                  R"("text":"H\u00e9","subject":"s","session":"1","split":"train","mood":3})");
  const Utterance utterance = utterance_from_json(json);
  EXPECT_EQ(utterance.ranges[0].first_sample, 5);
  EXPECT_EQ(utterance.ranges[0].num_samples, 7);
  EXPECT_EQ(utterance.extra["mood"], 3);
  EXPECT_EQ(to_json(utterance), json);
}

TEST(Manifest, joined_segments_return_after_writing_and_reading) {
  const Json json =
      Json::parse(R"({"id":"u1","signal":"a.edf","segments":[[10,5],[0,5]],"text":"AB",)"
                  R"("subject":"","session":"","split":""})");
  const Utterance utterance = utterance_from_json(json);
  EXPECT_TRUE(utterance.is_joined());
  EXPECT_EQ(to_json(utterance), json);
}

TEST(Manifest, errors_name_the_key) {
  const auto expect_error = [](const char* text, const char* part) {
    EXPECT_THAT([&] { utterance_from_json(Json::parse(text)); },
                testing::ThrowsMessage<Error>(HasSubstr(part)));
  };
  expect_error(R"({"signal":"a","text":""})", "key 'id' is missing");
  expect_error(R"({"id":"a","signal":5,"text":""})", "signal: expected a string, found 5");
  expect_error(R"({"id":"a","signal":"f","text":"","first_sample":-1})", "first_sample");
  expect_error(R"({"id":"a","signal":"f","text":"","segments":[[1]]})", "segments");
  expect_error(R"({"id":"a","signal":"f","text":"","segments":[[1,2]],"num_samples":1})", "either");
}

TEST(Manifest, a_byte_order_mark_is_no_part_of_the_first_line) {
  const auto path = test::process_temp_dir() / "marked.jsonl";
  write_text_file(path, "\xEF\xBB\xBF{\"id\":\"a\",\"signal\":\"f\",\"text\":\"x\"}\r\n");
  const Manifest manifest = read_manifest(path);
  EXPECT_EQ(manifest.utterances.size(), 1u);
  EXPECT_TRUE(manifest.problems.empty());
}

TEST(Manifest, broken_lines_and_repeated_ids_are_problems_with_their_line) {
  const auto path = test::process_temp_dir() / "manifest_lines.jsonl";
  write_text_file(path,
                  "{\"id\":\"a\",\"signal\":\"f\",\"text\":\"x\"}\n\n{broken\n"
                  "{\"id\":\"a\",\"signal\":\"f\",\"text\":\"y\"}\n"
                  "{\"id\":\"b\",\"signal\":\"f\",\"text\":\"\"}\n");
  const Manifest manifest = read_manifest(path);
  ASSERT_EQ(manifest.utterances.size(), 2u);
  EXPECT_EQ(manifest.lines, (std::vector<std::size_t>{1, 5}));
  ASSERT_EQ(manifest.problems.size(), 2u);
  EXPECT_EQ(manifest.problems[0].line, 3u);
  EXPECT_EQ(manifest.problems[0].kind, ProblemKind::kBadLine);
  EXPECT_EQ(manifest.problems[1].line, 4u);
  EXPECT_EQ(manifest.problems[1].kind, ProblemKind::kDuplicateId);
}

}  // namespace
}  // namespace nest::data
