#include "nest/recognize/batch_processor.h"

#include <atomic>
#include <latch>
#include <semaphore>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/rng.h"

namespace nest::recognize {
namespace {

using Squares = BatchProcessor<int, int>;
using Clock = BatchRequest::Clock;

std::vector<int> squares(std::span<const int> inputs) {
  std::vector<int> outputs;
  for (const int x : inputs) {
    require(x >= 0, ErrorCode::kInvalidArgument, "{} is negative", x);
    outputs.push_back(x * x);
  }
  return outputs;
}

std::vector<Squares::Run> workers(int count, const Squares::Run& run = squares) {
  return std::vector<Squares::Run>(static_cast<std::size_t>(count), run);
}

/// A runner that waits until it is let go on, and says when it has begun.
struct Gate {
  std::binary_semaphore begun{0}, go{0};
  Squares::Run run() {
    return [this](std::span<const int> inputs) {
      begun.release();
      go.acquire();
      return squares(inputs);
    };
  }
};

TEST(BatchProcessor, sixty_four_threads_get_each_request_answered_once_with_its_own_result) {
  constexpr int kThreads = 64, kEach = 50;
  Squares processor({.max_batch = 16, .max_delay_ms = 0.2, .workers = 3, .max_waiting = 100000},
                    workers(3));
  std::atomic<int> answers = 0, wrong = 0;
  std::latch start(kThreads);
  std::vector<std::thread> clients;
  for (int t = 0; t < kThreads; ++t) {
    clients.emplace_back([&, t] {
      start.arrive_and_wait();
      for (int i = 0; i < kEach; ++i) {
        const int x = t * kEach + i;
        processor.submit(x, {.length_class = std::to_string(x % 3)}, [&, x](auto answer) {
          ++answers;
          if (answer.outcome != BatchOutcome::kDone || answer.get() != x * x) ++wrong;
        });
      }
    });
  }
  for (std::thread& client : clients) client.join();
  processor.drain();
  EXPECT_EQ(answers, kThreads * kEach);
  EXPECT_EQ(wrong, 0);
  const BatchFigures figures = processor.figures();
  EXPECT_EQ(figures.done, static_cast<std::uint64_t>(kThreads * kEach));
  std::uint64_t counted = 0;
  for (std::size_t n = 0; n < figures.by_size.size(); ++n) counted += n * figures.by_size[n];
  EXPECT_EQ(counted, figures.done);
  EXPECT_LT(figures.batches, figures.done) << "nothing was ever joined";
}

TEST(BatchProcessor, no_request_of_64_threads_begins_after_its_deadline) {
  constexpr int kThreads = 64;
  const Squares::Run run = [&](std::span<const int> inputs) {
    const auto begin = Clock::now();
    while (Clock::now() - begin < std::chrono::milliseconds(2)) std::this_thread::yield();
    return squares(inputs);
  };
  std::atomic<int> answers = 0, begun_late = 0;
  {
    Squares processor({.max_batch = 4, .max_delay_ms = 1, .workers = 1}, workers(1, run));
    std::vector<std::thread> clients;
    for (int t = 0; t < kThreads; ++t) {
      clients.emplace_back([&, t] {
        const auto sent = Clock::now();
        const double limit_ms = 1 + t % 20;
        const BatchRequest request{
            .deadline = sent + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double, std::milli>(limit_ms))};
        processor.submit(t, request, [&, limit_ms](auto answer) {
          ++answers;
          const bool is_done = answer.outcome == BatchOutcome::kDone;
          if (is_done && answer.waited_ms > limit_ms) ++begun_late;
          EXPECT_TRUE(is_done || answer.outcome == BatchOutcome::kExpired);
        });
      });
    }
    for (std::thread& client : clients) client.join();
    processor.drain();
  }
  EXPECT_EQ(answers, kThreads);
  EXPECT_EQ(begun_late, 0) << "so none is answered later than its deadline and one batch";
}

TEST(BatchProcessor, one_faulty_request_fails_alone) {
  Gate gate;
  std::atomic<bool> is_first = true;
  const Squares::Run run = [&](std::span<const int> inputs) {
    return is_first.exchange(false) ? gate.run()(inputs) : squares(inputs);
  };
  Squares processor({.max_batch = 8, .max_delay_ms = 0}, workers(1, run));
  auto first = processor.submit(1);
  gate.begun.acquire();
  std::vector<std::future<Squares::Answer>> rest;
  for (const int x : {2, -3, 4}) rest.push_back(processor.submit(x));
  gate.go.release();
  EXPECT_EQ(first.get().get(), 1);
  auto good = rest[0].get(), bad = rest[1].get(), last = rest[2].get();
  EXPECT_EQ(good.batch_size, 3);
  EXPECT_EQ(good.get(), 4);
  EXPECT_EQ(bad.outcome, BatchOutcome::kFailed);
  EXPECT_THROW(bad.get(), Error);
  EXPECT_EQ(last.get(), 16);
}

TEST(BatchProcessor, waiting_requests_can_be_taken_back_and_running_ones_not) {
  Gate gate;
  Squares processor({.max_batch = 1, .max_delay_ms = 0}, workers(1, gate.run()));
  std::promise<BatchOutcome> first, second;
  const auto a = processor.submit(1, {}, [&](auto answer) { first.set_value(answer.outcome); });
  gate.begun.acquire();
  const auto b = processor.submit(2, {}, [&](auto answer) { second.set_value(answer.outcome); });
  EXPECT_FALSE(processor.cancel(a));
  EXPECT_TRUE(processor.cancel(b));
  EXPECT_FALSE(processor.cancel(b));
  EXPECT_EQ(second.get_future().get(), BatchOutcome::kCancelled);
  gate.go.release();
  EXPECT_EQ(first.get_future().get(), BatchOutcome::kDone);
}

TEST(BatchProcessor, a_full_queue_and_a_drained_processor_refuse) {
  Gate gate;
  Squares processor({.max_batch = 1, .max_delay_ms = 0, .max_waiting = 1}, workers(1, gate.run()));
  auto running = processor.submit(1);
  gate.begun.acquire();
  auto waiting = processor.submit(2);
  auto refused = processor.submit(3).get();
  EXPECT_EQ(refused.outcome, BatchOutcome::kRefused);
  try {
    refused.get();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), testing::HasSubstr("1 requests wait already"));
  }
  gate.go.release();
  gate.begun.acquire();
  gate.go.release();
  processor.drain();
  EXPECT_EQ(running.get().get(), 1);
  EXPECT_EQ(waiting.get().get(), 4);
  EXPECT_EQ(processor.submit(4).get().outcome, BatchOutcome::kRefused);
}

TEST(BatchProcessor, draining_does_not_wait_for_company) {
  Squares processor({.max_batch = 8, .max_delay_ms = 60000}, workers(1));
  auto answer = processor.submit(3);
  processor.drain();
  EXPECT_EQ(answer.get().get(), 9);
}

TEST(BatchProcessor, one_that_goes_away_answers_what_waits) {
  std::future<Squares::Answer> answer;
  {
    Squares processor({.max_batch = 8, .max_delay_ms = 60000}, workers(1));
    answer = processor.submit(3);
  }
  EXPECT_EQ(answer.get().outcome, BatchOutcome::kCancelled);
}

TEST(BatchProcessor, needs_a_runner_for_every_worker) {
  EXPECT_THROW(Squares({.workers = 2}, workers(1)), Error);
  EXPECT_THROW(Squares({.max_batch = 0}, workers(1)), Error);
}

}  // namespace
}  // namespace nest::recognize
