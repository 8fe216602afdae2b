#include "nest/profile/comparison.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/runtime/executor.h"
#include "small_model.h"

namespace nest::profile {
namespace {

/// Takes a fixed time and notes its turns.
class Fake final : public Contender {
 public:
  Fake(std::string name, double ms, float result, std::string& turns)
      : name_(std::move(name)), ms_(ms), result_(result), turns_(turns) {}
  const std::string& name() const override { return name_; }
  std::vector<double> run(int times) override {
    turns_ += name_ + std::to_string(times) + " ";
    return std::vector<double>(static_cast<std::size_t>(times), ms_);
  }
  TensorMap outputs() override {
    return {{"y", Tensor::from<float>({2}, std::vector<float>{result_, 1})}};
  }
  Json info() const override { return {}; }

 private:
  std::string name_;
  double ms_;
  float result_;
  std::string& turns_;
};

TEST(Comparison, contenders_take_turns_each_with_a_warm_up) {
  std::string turns;
  ComparisonBenchmark benchmark({.runs = 5, .turn = 3, .warmup = 2});
  benchmark.add(std::make_unique<Fake>("a", 2, 1.0f, turns), false);
  benchmark.add(std::make_unique<Fake>("b", 5, 1.0f, turns), true);
  const auto results = benchmark.run();
  EXPECT_EQ(turns, "a2 b2 a1 a3 b1 b3 a1 a2 b1 b2 ");
  EXPECT_EQ(results[1].time.runs, 5);
  EXPECT_DOUBLE_EQ(results[0].time_ratio, 1);
  EXPECT_DOUBLE_EQ(results[1].time_ratio, 2.5);
}

TEST(Comparison, a_peer_with_other_results_is_not_timed) {
  std::string turns;
  ComparisonBenchmark benchmark({.runs = 1, .turn = 1});
  benchmark.add(std::make_unique<Fake>("a", 2, 1.0f, turns), false);
  benchmark.add(std::make_unique<Fake>("b", 5, 1.001f, turns), true);
  try {
    benchmark.run();
    FAIL() << "results that differ were compared";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCheckFailed);
    EXPECT_NE(error.message().find("b differs from a"), std::string::npos) << error.message();
  }
  EXPECT_EQ(turns, "");
}

TEST(Comparison, a_narrow_precision_reports_its_error) {
  std::string turns;
  ComparisonBenchmark benchmark({.runs = 1, .turn = 1});
  benchmark.add(std::make_unique<Fake>("a", 2, 1.0f, turns), false);
  benchmark.add(std::make_unique<Fake>("b", 5, 1.5f, turns), false);
  const auto results = benchmark.run();
  EXPECT_DOUBLE_EQ(results[1].max_error, 0.25);
  EXPECT_DOUBLE_EQ(results[1].rms_error, 0.5 / std::sqrt(2.0));
}

TEST(Comparison, quantiles_are_nearest_ranks) {
  std::vector<double> times;
  for (int i = 100; i >= 1; --i) times.push_back(i);
  const TimeSummary summary = summarize(times);
  EXPECT_EQ(summary.p50_ms, 50);
  EXPECT_EQ(summary.p95_ms, 95);
  EXPECT_EQ(summary.min_ms, 1);
  EXPECT_DOUBLE_EQ(summary.mean_ms, 50.5);
  EXPECT_THROW(summarize({}), Error);
}

TEST(Comparison, a_session_and_an_executor_do_the_same_stepwise_work) {
  const Work work =
      make_work(small_model(), {.graph = "decoder_step", .batch = 2, .length = 5, .steps = 6});
  ComparisonBenchmark benchmark({.runs = 1, .turn = 1, .tolerance = 1e-6});
  const auto prepared = runtime::prepare(small_model());
  benchmark.add(native_contender("session", prepared, work), false);
  benchmark.add(
      executor_contender("executor", std::make_unique<runtime::NativeExecutor>(prepared), work),
      true);
  const auto results = benchmark.run();
  EXPECT_GT(results[0].time.p50_ms, 0);
  EXPECT_GT(results[0].info.at("arena_bytes").get<std::int64_t>(), 0);
}

}  // namespace
}  // namespace nest::profile
