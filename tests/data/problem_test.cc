#include "nest/data/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/data/dataset.h"
#include "nest/io/edf.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

TEST(Problem, every_kind_has_a_name_of_its_own) {
  for (int i = 0; i <= static_cast<int>(ProblemKind::kRejected); ++i) {
    const auto kind = static_cast<ProblemKind>(i);
    EXPECT_EQ(from_name<ProblemKind>(name_of(kind)), kind) << i;
  }
  EXPECT_THAT([] { from_name<ProblemKind>("bad luck", ErrorCode::kDataCorrupt); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("not-finite")));
}

TEST(Problem, many_are_counted_and_named_in_one_line) {
  std::vector<Problem> problems{{3, "u1", ProblemKind::kMissingFile, "u1.npy is not there"},
                                {9, "", ProblemKind::kBadLine, "no text"}};
  EXPECT_EQ(problems_text(problems),
            "1 bad-line (line 9), 1 missing-file (u1); the first: line 3: u1.npy is not there");
  for (int i = 2; i < 9; ++i) {
    problems.push_back({4, "u" + std::to_string(i), ProblemKind::kMissingFile, "gone"});
  }
  EXPECT_THAT(problems_text(problems),
              testing::HasSubstr("8 missing-file (u1, u2, u3, u4, u5, 3 more)"));
  EXPECT_EQ(problems_text({}), "");
}

TEST(Problem, an_error_keeps_its_kind_when_context_is_added) {
  try {
    with_context("utterance 3", [] {
      throw ProblemError(ProblemKind::kGap, ErrorCode::kInvalidArgument, "a hole");
    });
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(problem_kind(error), ProblemKind::kGap);
    EXPECT_STREQ(error.what(), "utterance 3: a hole");
  }
  EXPECT_EQ(problem_kind(Error(ErrorCode::kDataCorrupt, "over a gap")), ProblemKind::kUnreadable);
}

TEST(Problem, a_unit_that_cannot_be_turned_into_the_contracts_is_named) {
  const test::TempDir dir;
  io::RecordingInfo recording;
  recording.rate_hz = 100;
  recording.channels = {{.name = "Cz", .unit = "degC"}};
  Tensor ramp(DType::kF32, {1, 200});
  ramp.mutable_data<float>()[7] = 1;
  io::write_edf(dir / "a.edf", *io::make_recording(recording, ramp));
  DatasetInfo info;
  info.signal.rate_hz = 100;
  info.signal.channels = {"Cz"};
  info.signal.num_channels = 1;
  Utterance utterance;
  utterance.id = "u";
  utterance.signal = "a.edf";
  const Dataset dataset(dir.path(), info, {utterance});
  const auto problems = check_utterance(dataset, 0, false);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].kind, ProblemKind::kWrongUnit) << problems[0].message;
}

}  // namespace
}  // namespace nest::data
