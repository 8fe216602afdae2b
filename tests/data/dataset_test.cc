#include "nest/data/dataset.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/hash.h"
#include "nest/core/parallel.h"
#include "nest/core/rng.h"
#include "nest/io/npy.h"
#include "nest/signal/design.h"
#include "nest/signal/filter.h"
#include "tests/support/log_capture.h"
#include "tests/support/temp_dir.h"

namespace nest::data {
namespace {

using testing::HasSubstr;
constexpr std::int64_t kLength = 2000;

class DatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::process_temp_dir() /
              (std::string("ds_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    signal_ = Tensor(DType::kF32, {2, kLength});
    Rng rng(3);
    for (std::int64_t i = 0; i < signal_.numel(); ++i) {
      signal_.mutable_data<float>()[static_cast<std::size_t>(i)] =
          static_cast<float>(rng.normal(i < kLength ? 5 : -1, i < kLength ? 2 : 0.5));
    }
    io::write_npy(folder_ / "a.npy", signal_);
    info_.name = "test";
    info_.signal.rate_hz = 100;
    info_.signal.channels = {"Fz", "Cz"};
    info_.signal.num_channels = 2;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Utterance utterance(std::string id, std::vector<SampleRange> ranges,
                             std::string split = "train") {
    Utterance u;
    u.id = std::move(id);
    u.signal = "a.npy";
    u.ranges = std::move(ranges);
    u.text = "hello";
    u.split = std::move(split);
    return u;
  }
  void write(std::vector<Utterance> utterances) {
    Dataset(folder_, info_, std::move(utterances)).write(folder_);
  }
  double at(std::int64_t channel, std::int64_t sample) const {
    return signal_.data<float>()[static_cast<std::size_t>(channel * kLength + sample)];
  }

  std::filesystem::path folder_;
  Tensor signal_;
  DatasetInfo info_;
};

TEST_F(DatasetTest, ranges_and_joined_ranges_load_the_samples_of_the_file) {
  write({utterance("one", {{10, 5}}), utterance("joined", {{100, 3}, {7, 2}}),
         utterance("all", {{}})});
  const Dataset dataset = Dataset::open(folder_, {.strict = true});
  const Tensor one = dataset.load_signal(0);
  EXPECT_EQ(one.shape(), (Shape{2, 5}));
  EXPECT_EQ(one.data<float>()[5], at(1, 10));
  const Tensor joined = dataset.load_signal(1);
  EXPECT_EQ(joined.shape(), (Shape{2, 5}));
  for (const std::int64_t c : {0, 1}) {
    const std::int64_t from[] = {100, 101, 102, 7, 8};
    for (std::int64_t k = 0; k < 5; ++k) {
      EXPECT_EQ(joined.data<float>()[static_cast<std::size_t>(5 * c + k)], at(c, from[k]));
    }
  }
  EXPECT_EQ(dataset.num_samples(1), 5);
  EXPECT_EQ(dataset.num_samples(2), kLength);
}

TEST_F(DatasetTest, every_kind_of_problem_is_reported_for_its_line_and_left_out) {
  Tensor broken = signal_.clone();
  broken.mutable_data<float>()[kLength + 55] = NAN;
  io::write_npy(folder_ / "nan.npy", broken);
  io::write_npy(folder_ / "three.npy", Tensor(DType::kF32, {3, 10}));
  io::write_npy(folder_ / "trials.npy", Tensor(DType::kF32, {4, 2, 10}));
  auto missing = utterance("missing", {{}});
  missing.signal = "no.npy";
  auto channels = utterance("channels", {{}});
  channels.signal = "three.npy";
  auto gap = utterance("gap", {{5, 10}});
  gap.signal = "trials.npy";
  auto nan = utterance("nan", {{50, 10}});
  nan.signal = "nan.npy";
  write({utterance("good", {{}}), missing, utterance("range", {{kLength - 5, 10}}), channels, gap,
         nan});
  const Dataset dataset = Dataset::open(folder_, {.check = Check::kSamples});
  ASSERT_EQ(dataset.size(), 1u);
  EXPECT_EQ(dataset.utterance(0).id, "good");
  std::vector<std::pair<std::size_t, ProblemKind>> found;
  for (const auto& problem : dataset.problems()) found.emplace_back(problem.line, problem.kind);
  EXPECT_THAT(found, testing::ElementsAre(testing::Pair(2, ProblemKind::kMissingFile),
                                          testing::Pair(3, ProblemKind::kBadRange),
                                          testing::Pair(4, ProblemKind::kMissingChannel),
                                          testing::Pair(5, ProblemKind::kGap),
                                          testing::Pair(6, ProblemKind::kNotFinite)));
  EXPECT_THAT([&] { Dataset::open(folder_, {.check = Check::kSamples, .strict = true}); },
              testing::ThrowsMessage<Error>(HasSubstr("5 of 6 utterances have problems")));
}

TEST_F(DatasetTest, a_nan_is_reported_with_utterance_channel_and_sample_when_loaded) {
  signal_.mutable_data<float>()[kLength + 55] = NAN;
  io::write_npy(folder_ / "a.npy", signal_);
  write({utterance("u", {{50, 10}})});
  const Dataset dataset = Dataset::open(folder_);
  EXPECT_THAT([&] { dataset.load_signal(0); },
              testing::ThrowsMessage<Error>(HasSubstr("utterance u: channel  sample 55 is nan")));
}

TEST_F(DatasetTest, texts_are_spelled_by_the_rule_of_the_dataset_whatever_the_manifest_has) {
  Utterance u = utterance("one", {{10, 5}});
  u.text = "Hello, World!";
  info_.text_rule = {.letter_case = text::LetterCase::kUpper, .punctuation = false};
  write({u});
  const Dataset dataset = Dataset::open(folder_);
  EXPECT_EQ(dataset.utterance(0).text, "HELLO WORLD");
  EXPECT_EQ(dataset.info().text_rule, info_.text_rule);
}

TEST_F(DatasetTest, selection_goes_by_split_subject_and_session) {
  auto a = utterance("a", {{}});
  a.subject = "s1";
  auto b = utterance("b", {{}}, "test");
  b.subject = "s1";
  b.session = "2";
  write({a, b});
  const Dataset dataset = Dataset::open(folder_);
  EXPECT_EQ(dataset.select({.split = "", .subject = "s1", .session = ""}).size(), 2u);
  EXPECT_EQ(dataset.select({.split = "test", .subject = "s1", .session = ""}),
            std::vector<std::size_t>{1});
  EXPECT_EQ(dataset.select({.split = "", .subject = "", .session = "2"}),
            std::vector<std::size_t>{1});
}

TEST_F(DatasetTest, normalization_uses_the_training_split_alone_and_keeps_its_record) {
  write({utterance("a", {{0, 700}}), utterance("b", {{700, 300}}),
         utterance("t", {{1000, 1000}}, "test")});
  Dataset dataset = Dataset::open(folder_);
  dataset.fit_normalization();
  for (const std::int64_t c : {0, 1}) {
    double mean = 0;
    double square = 0;
    for (std::int64_t k = 0; k < 1000; ++k) mean += at(c, k) / 1000;
    for (std::int64_t k = 0; k < 1000; ++k) square += (at(c, k) - mean) * (at(c, k) - mean) / 1000;
    EXPECT_NEAR(dataset.info().signal.mean[static_cast<std::size_t>(c)], mean, 1e-9);
    EXPECT_NEAR(dataset.info().signal.stddev[static_cast<std::size_t>(c)], std::sqrt(square), 1e-9);
  }
  dataset.write_info();
  const Dataset again = Dataset::open(folder_);
  EXPECT_EQ(again.info().signal.mean, dataset.info().signal.mean);
  const Json& fit = again.info().normalization_fit;
  EXPECT_EQ(fit["num_utterances"], 2);
  EXPECT_EQ(fit["num_samples"], 1000);
  const std::string ids = "a\nb\n";
  EXPECT_EQ(fit["ids_sha256"], sha256_hex(std::as_bytes(std::span(ids))));
  const Tensor normalized = again.load_signal(0);
  EXPECT_NEAR(normalized.data<float>()[0],
              (at(0, 0) - again.info().signal.mean[0]) / again.info().signal.stddev[0], 1e-5);
  EXPECT_THROW(dataset.fit_normalization("test"), Error);
}

TEST_F(DatasetTest, filters_run_in_over_the_samples_before_the_range) {
  info_.signal.bandpass_hz = {1, 20};
  info_.signal.notch_hz = 30;
  info_.signal.ref_electrode = "average";
  write({utterance("u", {{1500, 100}})});
  const Tensor loaded = Dataset::open(folder_).load_signal(0);
  // the obvious twin: reference and filter the whole record from 10 s before, then cut
  Tensor whole(DType::kF64, {2, 1100});
  for (std::int64_t k = 0; k < 1100; ++k) {
    const double mean =
        (static_cast<double>(at(0, 500 + k)) + static_cast<double>(at(1, 500 + k))) / 2;
    for (const std::int64_t c : {0, 1}) {
      whole.mutable_data<double>()[static_cast<std::size_t>(c * 1100 + k)] = at(c, 500 + k) - mean;
    }
  }
  signal::Sos sos = signal::design_butterworth(4, signal::BandKind::kBandpass, {1, 20}, 100);
  sos.push_back(signal::design_notch(30, info_.signal.notch_q, 100));
  signal::SosFilter filter(sos, 2);
  filter.reset_to_steady_state(
      std::vector<double>{whole.data<double>()[0], whole.data<double>()[1100]});
  const signal::SignalView<double> view(whole.mutable_data<double>().data(), 2, 1100);
  filter.process(signal::SignalView<const double>(view), view);
  for (const std::int64_t c : {0, 1}) {
    for (std::int64_t k = 0; k < 100; ++k) {
      EXPECT_FLOAT_EQ(
          loaded.data<float>()[static_cast<std::size_t>(c * 100 + k)],
          static_cast<float>(whole.data<double>()[static_cast<std::size_t>(c * 1100 + 1000 + k)]));
    }
  }
}

TEST_F(DatasetTest, window_normalization_gives_every_utterance_mean_zero_and_deviation_one) {
  info_.signal.normalization = graph::Normalization::kZscore;
  write({utterance("u", {{100, 500}})});
  const Tensor signal = Dataset::open(folder_).load_signal(0);
  for (std::size_t c = 0; c < 2; ++c) {
    double mean = 0;
    double square = 0;
    for (const float x : signal.data<float>().subspan(c * 500, 500)) {
      mean += static_cast<double>(x) / 500;
      square += static_cast<double>(x) * static_cast<double>(x) / 500;
    }
    EXPECT_NEAR(mean, 0, 1e-6);
    EXPECT_NEAR(square, 1, 1e-5);
  }
}

TEST_F(DatasetTest, stored_numbers_become_volts_by_the_file_scale) {
  info_.file_gain = 2e-6;
  info_.file_offset = 1e-3;
  info_.signal.unit = "uV";
  write({utterance("u", {{0, 10}})});
  EXPECT_NEAR(Dataset::open(folder_).load_signal(0).data<float>()[3], 2 * at(0, 3) + 1000, 1e-3);
}

TEST_F(DatasetTest, an_implausible_amplitude_is_warned_of_once_a_dataset) {
  write({utterance("a", {{0, 1000}}), utterance("b", {{1000, 1000}})});
  const Dataset dataset = Dataset::open(folder_);
  const test::LogCapture log;
  dataset.load_signal(0);  // numbers around 5 +- 2, taken for volts
  dataset.load_signal(1);
  const std::string& text = log.text();
  EXPECT_THAT(text, HasSubstr("a.npy: the amplitude is"));
  EXPECT_THAT(text, HasSubstr("check the unit ('V') and the gain"));
  EXPECT_EQ(text.find("amplitude"), text.rfind("amplitude"));
}

TEST_F(DatasetTest, loading_in_parallel_gives_the_same_bytes) {
  info_.signal.bandpass_hz = {1, 20};
  std::vector<Utterance> many;
  for (int i = 0; i < 40; ++i) many.push_back(utterance(fmt::format("u{}", i), {{i * 40, 100}}));
  write(many);
  const Dataset dataset = Dataset::open(folder_);
  std::vector<Tensor> loaded(dataset.size());
  parallel_for(dataset.size(), 4, [&](std::size_t i) { loaded[i] = dataset.load_signal(i); });
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    EXPECT_TRUE(bit_equal(loaded[i], dataset.load_signal(i)));
  }
}

TEST_F(DatasetTest, a_folder_without_contract_is_an_error_that_says_so) {
  EXPECT_THAT([&] { Dataset::open(folder_); },
              testing::ThrowsMessage<Error>(HasSubstr("dataset.json")));
}

}  // namespace
}  // namespace nest::data
