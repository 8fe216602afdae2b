// A recording evaluated as a dataset and the same recording streamed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/data/dataset.h"
#include "nest/decode/model_recognizer.h"
#include "nest/eval/eval_set.h"
#include "nest/graph/factory.h"
#include "nest/graph/streaming.h"
#include "nest/io/npy.h"
#include "nest/runtime/executor.h"
#include "nest/stream/feed.h"
#include "tests/contract/no_clock.h"
#include "tests/contract/signals.h"
#include "tests/support/temp_dir.h"

namespace nest {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// A causal model of random weights for two channels at 64 Hz.
graph::Model model_for(const graph::SignalContract& contract) {
  graph::Model model = graph::build_model(
      "nest_ctc",
      Config::parse("spatial_cnn: {type: EEGNet, n_channels: 2, sampling_rate: 64, "
                    "n_pointwise_filters: 8}\n"
                    "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, dropout: 0.0}\n"
                    "causal: true\ndecoder: {vocab_size: 6}\n"));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  for (auto& [name, tensor] : model.weights) {
    if (tensor.dtype() != DType::kF32 || name.find("running_var") != std::string::npos) continue;
    for (float& value : tensor.mutable_data<float>()) value *= 3;
  }
  model.signal = contract;
  graph::add_streaming_step(model);
  return model;
}

graph::SignalContract trained_contract() {
  graph::SignalContract c;
  c.rate_hz = 64;
  c.channels = {"FZ", "oz"};
  c.num_channels = 2;
  c.unit = "uV";
  c.bandpass_hz = {1, 20};
  c.ref_electrode = "A1";
  c.normalization = graph::Normalization::kRunning;
  return c;
}

class BothWays : public ::testing::Test {
 protected:
  std::vector<decode::TokenId> streamed(const graph::Model& model, const std::string& source,
                                        const contract::MatchOptions& match) {
    const auto prepared = runtime::prepare(model);
    stream::StreamingInference pipeline(recognize::make_bundle(recognize::make_runnable(prepared)),
                                        {.hop_s = 0.5}, {}, clock_);
    std::vector<decode::TokenId> tokens;
    const auto opened = stream::open_source({.source = source}, clock_);
    stream::feed(*opened, pipeline, clock_,
                 [&](const stream::StreamEvent& event) {
                   tokens.assign(event.committed.begin(), event.committed.end());
                 },
                 {.match = match});
    return tokens;
  }
  std::vector<decode::TokenId> evaluated(const graph::Model& model, const data::DatasetInfo& info,
                                         const std::string& file) {
    data::Utterance utterance;
    utterance.signal = file;
    const data::Dataset dataset(folder_.path(), info, {utterance});
    runtime::NativeExecutor executor(runtime::prepare(model));
    decode::ModelRecognizer recognizer(executor, {});
    const Tensor signal = dataset.load_signal(0);
    return recognizer.recognize(std::span(&signal, 1)).front().tokens;
  }

  test::TempDir folder_;
  contract::NoClock clock_;
};

TEST_F(BothWays, give_the_same_tokens_whatever_case_reference_normalization_and_rate) {
  // Labels as EDF has them, a reference electrode that the model has no channel for, running
  // normalisation, another rate.
  test::write_recording(folder_ / "r.edf", 100, {"EEG Oz", "A1", "EEG Fz-REF"},
                        test::eeg_volts(3, 100 * 20));
  data::DatasetInfo info;
  info.signal = trained_contract();
  info.resample = true;
  const graph::Model model = model_for(info.signal);
  const auto tokens = evaluated(model, info, "r.edf");
  EXPECT_FALSE(tokens.empty());
  EXPECT_EQ(tokens, streamed(model, "file:" + (folder_ / "r.edf").string(), {.resample = true}));
}

TEST_F(BothWays, a_dataset_of_another_rate_is_seen_through_the_models_contract_when_asked) {
  const Tensor raw = test::eeg_volts(3, 100 * 20).to(DType::kF32);
  io::write_npy(folder_ / "r.npy", raw);  // states neither rate nor unit nor names
  data::DatasetInfo info;
  info.signal.rate_hz = 100;
  info.signal.num_channels = 3;
  data::Utterance utterance;
  utterance.id = "u";
  utterance.signal = "r.npy";
  utterance.split = "test";
  data::Dataset(folder_.path(), info, {utterance}).write(folder_.path());
  graph::SignalContract wanted = trained_contract();
  wanted.channels.clear();
  wanted.num_channels = 3;
  wanted.ref_electrode.clear();
  EXPECT_THROW(eval::open_eval_set(folder_.path().string(), {}, wanted), Error);
  eval::EvalSetOptions resampled;
  resampled.resample = true;
  const auto set = eval::open_eval_set(folder_.path().string(), resampled, wanted);
  ASSERT_EQ(set.utterances.size(), 1u);
  contract::SourceInfo source{.name = "array", .rate_hz = 100};
  source.channels = contract::unnamed_channels(3, "V");
  EXPECT_TRUE(bit_equal(set.load(0), contract::prepare(raw, source, wanted, {.resample = true})));
}

TEST_F(BothWays, refuse_another_rate_unless_asked) {
  test::write_recording(folder_ / "r.edf", 100, {"Oz", "A1", "Fz"}, test::eeg_volts(3, 100 * 20));
  data::DatasetInfo info;
  info.signal = trained_contract();
  const graph::Model model = model_for(info.signal);
  const auto says = ThrowsMessage<Error>(HasSubstr("set `resample`"));
  EXPECT_THAT([&] { evaluated(model, info, "r.edf"); }, says);
  EXPECT_THAT([&] { streamed(model, "file:" + (folder_ / "r.edf").string(), {}); }, says);
}

TEST_F(BothWays, refuse_a_unit_that_is_no_voltage) {
  io::RecordingInfo about;
  about.rate_hz = 64;
  for (const char* name : {"Oz", "A1", "Fz"})
    about.channels.push_back({.name = name, .unit = "degC"});
  io::write_edf(folder_ / "t.edf", *io::make_recording(about, test::eeg_volts(3, 64 * 20)));
  data::DatasetInfo info;
  info.signal = trained_contract();
  const graph::Model model = model_for(info.signal);
  const auto says = ThrowsMessage<Error>(HasSubstr("is in 'degC'"));
  EXPECT_THAT([&] { evaluated(model, info, "t.edf"); }, says);
  EXPECT_THAT([&] { streamed(model, "file:" + (folder_ / "t.edf").string(), {.unit = "V"}); },
              says);
}

}  // namespace
}  // namespace nest
