#include "nest/core/job.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "nest/core/error.h"

namespace nest {
namespace {

TEST(Job, the_default_never_stops_and_a_requested_stop_is_the_error_interrupted) {
  EXPECT_NO_THROW(Job{}.check_stop("unused"));
  std::stop_source source;
  const Job job{{}, source.get_token()};
  EXPECT_NO_THROW(job.check_stop("unused"));
  source.request_stop();
  try {
    job.check_stop("nothing was written");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
    EXPECT_NE(std::string(error.what()).find("nothing was written"), std::string::npos);
  }
}

TEST(Progress, is_reported_at_the_start_at_every_advance_and_at_the_end) {
  std::vector<std::string> lines;
  const Job job{[&](const ProgressReport& r) {
                  EXPECT_GE(r.elapsed_s, 0);
                  lines.push_back(fmt::format("{} {}/{} {} {}{}", r.title, r.done, r.total, r.unit,
                                              r.note, r.is_finished ? "." : ""));
                },
                {}};
  {
    Progress progress(job, "evaluate", 5, "utterances");
    progress.advance(2);
    progress.note("WER 12 %");
    progress.advance(3);
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"evaluate 0/5 utterances ", "evaluate 2/5 utterances ",
                                             "evaluate 5/5 utterances WER 12 %",
                                             "evaluate 5/5 utterances WER 12 %."}));
}

TEST(Progress, as_text_has_the_share_the_rate_and_the_time_left) {
  ProgressReport report{"evaluate", "utterances", "loss 0.3", 100, 30, 3, false};
  EXPECT_EQ(progress_text(report), "evaluate: 30/100 utterances (30 %), 10/s, 7 s left, loss 0.3");
  report.is_finished = true;
  EXPECT_EQ(progress_text(report), "evaluate: 30/100 utterances (30 %), 10/s, 3 s, loss 0.3");
  EXPECT_EQ(progress_text({"read", "lines", "", 0, 0, 0, false}), "read: 0 lines, 0/s");
  EXPECT_EQ(format_duration(3723), "1:02:03");
  EXPECT_EQ(format_duration(245), "4:05");
}

TEST(Progress, work_that_fails_is_reported_as_ended_below_its_total) {
  std::int64_t done = -1;
  const Job job{[&](const ProgressReport& r) { done = r.is_finished ? r.done : -1; }, {}};
  try {
    Progress progress(job, "import", 9, "files");
    progress.advance();
    fail(ErrorCode::kIo, "gone");
  } catch (const Error&) {
  }
  EXPECT_EQ(done, 1);
}

TEST(Progress, counts_every_advance_of_many_threads_once_and_reports_one_at_a_time) {
  std::vector<std::int64_t> seen;  // unguarded: the reports must not overlap
  const Job job{[&](const ProgressReport& r) { seen.push_back(r.done); }, {}};
  {
    Progress progress(job, "synth", 400, "utterances");
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) progress.advance();
      });
    }
  }
  ASSERT_EQ(seen.size(), 402U);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i], std::min<std::int64_t>(static_cast<std::int64_t>(i), 400));
  }
}

}  // namespace
}  // namespace nest
