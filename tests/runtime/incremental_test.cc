#include "nest/runtime/incremental.h"

#include <bit>
#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels_test_util.h"
#include "nest/compress/activation_statistics.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/graph/factory.h"
#include "nest/graph/streaming.h"
#include "nest/runtime/executor.h"
#include "tests/support/causal_models.h"
#include "tests/support/count_allocations.h"
#include "tests/support/unit_runs.h"

namespace nest::runtime {
namespace {

using test::CausalCase;
using ::testing::HasSubstr;

constexpr std::int64_t kSamples = 1000;

std::shared_ptr<const PreparedModel> prepare_case(const CausalCase& item,
                                                  const graph::Quantization& quantization = {},
                                                  const PrepareOptions& options = {},
                                                  graph::ActivationObserver* observer = nullptr) {
  graph::Model model = test::make_causal_model(item);
  model.quantization = quantization;
  return prepare(std::move(model), options, observer);
}

std::shared_ptr<Machine> machine_with(std::string isa, int threads) {
  // No spinning: the machine may be busy.
  return std::make_shared<Machine>(
      MachineOptions{.isa = std::move(isa), .threads = threads, .spin_us = 0});
}

std::vector<float> signal(std::uint64_t seed = 3) {
  return random_floats(static_cast<std::size_t>(test::kCausalChannels * kSamples), seed);
}

std::vector<std::uint32_t> bits(std::span<const float> values) {
  std::vector<std::uint32_t> out;
  for (const float v : values) out.push_back(std::bit_cast<std::uint32_t>(v));
  return out;
}

/// Encoder frames of the first `samples` samples, all at once.
std::vector<float> whole(const std::shared_ptr<const PreparedModel>& prepared,
                         const std::vector<float>& x, std::int64_t samples = kSamples,
                         std::shared_ptr<Machine> machine = machine_with("", 1)) {
  Tensor eeg(DType::kF32, {1, test::kCausalChannels, samples});
  for (std::int64_t c = 0; c < test::kCausalChannels; ++c) {
    std::copy_n(x.data() + c * kSamples, samples, eeg.mutable_data<float>().data() + c * samples);
  }
  NativeExecutor executor(prepared, std::move(machine));
  const Tensor y = executor.run("encoder", {{"eeg_data", eeg}}).at("encoder_output");
  return {y.data<float>().begin(), y.data<float>().end()};
}

/// The same signal in chunks of random sizes.
std::vector<float> streamed(IncrementalEncoder& encoder, const std::vector<float>& x,
                            std::uint64_t seed) {
  std::vector<float> frames;
  const auto sink = [&](std::span<const float> more) {
    frames.insert(frames.end(), more.begin(), more.end());
  };
  Rng rng(seed);
  for (std::int64_t at = 0; at < kSamples;) {
    const auto longest = static_cast<std::int64_t>(1 + rng.below(97));
    const std::int64_t count = std::min(longest, kSamples - at);
    encoder.push(x.data() + at, kSamples, count, sink);
    at += count;
  }
  encoder.finish(sink);
  return frames;
}

/// fp32 … int4, or "int8 static" with scales from the whole signal.
graph::Quantization quantization_of(const CausalCase& item, const std::string& precision) {
  graph::Quantization made{from_name<graph::Precision>(precision.substr(0, precision.find(' ')))};
  if (!precision.ends_with("static")) return made;
  compress::ActivationStatistics seen({.calibrator = compress::Calibrator::kMinMax});
  whole(prepare_case(item, {}, {}, &seen), signal());
  made.activations = seen.scales();
  return made;
}

class EveryCausal : public testing::TestWithParam<CausalCase> {};
INSTANTIATE_TEST_SUITE_P(Model, EveryCausal, testing::ValuesIn(test::causal_cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryCausal, streamed_frames_are_bit_for_bit_those_of_the_whole_signal) {
  const auto x = signal();
  for (const char* precision : {"fp32", "fp16", "bf16", "int8", "int8 static", "int4"}) {
    const auto prepared = prepare_case(GetParam(), quantization_of(GetParam(), precision));
    const auto want = bits(whole(prepared, x));
    ASSERT_FALSE(want.empty());
    for (const std::int64_t frames : {1, 2, 7, 1000}) {
      IncrementalEncoder encoder(prepared, {.frames_per_step = frames});
      EXPECT_EQ(bits(streamed(encoder, x, static_cast<std::uint64_t>(frames))), want)
          << precision << ", " << frames << " frames a step";
    }
  }
}

TEST_P(EveryCausal, every_instruction_set_and_thread_count_streams_its_own_whole_result) {
  const auto x = signal(8);
  const auto prepared = prepare_case(GetParam());
  for (const Isa isa : available_isas()) {
    for (const int threads : {1, 3}) {
      const auto machine = machine_with(std::string(name_of(isa)), threads);
      IncrementalEncoder encoder(prepared, {.frames_per_step = 3, .machine = machine});
      EXPECT_EQ(bits(streamed(encoder, x, 5)), bits(whole(prepared, x, kSamples, machine)))
          << name_of(isa) << ", " << threads << " threads";
    }
  }
}

TEST_P(EveryCausal, without_some_of_its_units_a_model_streams_its_own_whole_result) {
  graph::Model model = test::make_causal_model(GetParam());
  Rng rng(71);
  for (const graph::UnitGroup& first : unit_groups(model)) {
    for (const graph::UnitGroup& group : unit_groups(model)) {
      if (group.name == first.name) remove_units(model, group, test::random_choice(group, rng));
    }
  }
  const auto prepared = prepare(std::move(model));
  IncrementalEncoder encoder(prepared, {.frames_per_step = 2});
  EXPECT_EQ(bits(streamed(encoder, signal(), 5)), bits(whole(prepared, signal())));
}

TEST_P(EveryCausal, without_rewrites_the_frames_are_those_of_the_whole_signal_too) {
  const auto prepared = prepare_case(GetParam(), {}, {.rewrite = false});
  IncrementalEncoder encoder(prepared, {});
  EXPECT_EQ(bits(streamed(encoder, signal(), 5)), bits(whole(prepared, signal())));
}

TEST_P(EveryCausal, later_samples_do_not_change_earlier_frames) {
  const auto prepared = prepare_case(GetParam());
  const auto step = graph::make_streaming_step(prepared->model().graph("encoder"));
  const std::int64_t unit = step.samples_per_frame * step.frame_multiple;
  const std::int64_t kept = kSamples / 2 / unit * unit;
  ASSERT_GT(kept, 0);
  auto changed = signal();
  for (std::int64_t c = 0; c < test::kCausalChannels; ++c) {
    for (std::int64_t t = kept; t < kSamples; ++t)
      changed[static_cast<std::size_t>(c * kSamples + t)] = 100;
  }
  auto before = bits(whole(prepared, signal())), after = bits(whole(prepared, changed));
  EXPECT_NE(before, after);
  const auto head = bits(whole(prepared, signal(), kept));
  before.resize(head.size());
  after.resize(head.size());
  EXPECT_EQ(before, head);
  EXPECT_EQ(after, head);
}

TEST_P(EveryCausal, a_step_allocates_nothing_and_reset_starts_anew) {
  const auto x = signal();
  for (const char* precision : {"fp32", "bf16", "int8", "int8 static", "int4"}) {
    IncrementalEncoder encoder(prepare_case(GetParam(), quantization_of(GetParam(), precision)),
                               {.machine = machine_with("", 2)});
    const auto ignore = [](std::span<const float>) {};
    const auto first = bits(streamed(encoder, x, 1));
    encoder.reset();
    const std::int64_t before = allocation_count();
    encoder.push(x.data(), kSamples, kSamples / 2, ignore);
    encoder.push(x.data() + kSamples / 2, kSamples, kSamples / 2, ignore);
    EXPECT_EQ(allocation_count(), before) << precision;
    encoder.reset();
    EXPECT_EQ(bits(streamed(encoder, x, 2)), first) << precision;
  }
}

TEST(IncrementalEncoder, a_stream_longer_than_the_table_of_positions_is_an_error) {
  CausalCase item = test::causal_cases().front();
  item.encoder =
      "{type: Transformer, d_model: 16, nhead: 4, num_layers: 1, attention_left: 4, max_len: 9}";
  IncrementalEncoder encoder(prepare_case(item), {});
  std::int64_t frames = 0;
  try {
    encoder.push(signal().data(), kSamples, kSamples, [&](std::span<const float>) { ++frames; });
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("reaches frame 10"));
    EXPECT_THAT(error.what(), HasSubstr("table of positions has 9"));
  }
  EXPECT_EQ(frames, 9);
}

TEST(Prepare, gives_a_causal_encoder_its_step_and_another_none) {
  const auto causal = prepare_case(test::causal_cases().front());
  EXPECT_TRUE(causal->model().graphs.contains("encoder_step"));
  EXPECT_TRUE(causal->model().weights.empty());
  graph::Model whole = graph::build_model(
      "nest_ctc", Config::parse("spatial_cnn: {type: EEGNet, n_channels: 5, sampling_rate: 64}\n"
                                "temporal_encoder: {type: LSTM, hidden_dim: 8}\n"
                                "decoder: {vocab_size: 6}\n"));
  Rng rng(2);
  graph::initialize_weights(whole, rng);
  const auto prepared = prepare(whole);
  EXPECT_FALSE(prepared->model().graphs.contains("encoder_step"));
  EXPECT_THROW(IncrementalEncoder(prepared, {}), Error);
}

}  // namespace
}  // namespace nest::runtime
