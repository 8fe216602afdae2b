#include "nest/eval/streamed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/eval/summary.h"
#include "nest/graph/factory.h"
#include "nest/io/write_recording.h"
#include "nest/stream/feed.h"
#include "nest/text/character_tokenizer.h"
#include "tests/support/temp_dir.h"

namespace nest::eval {
namespace {

constexpr double kRate = 64;
constexpr std::int64_t kSamples = 64 * 30;

/// A recording of noise, some of it called utterances, and a model that makes text of noise.
class Streamed : public testing::Test {
 protected:
  Streamed() {
    graph::Model model = graph::build_model(
        "nest_ctc", Config::parse("spatial_cnn: {type: EEGNet, n_channels: 2, sampling_rate: 64, "
                                  "n_pointwise_filters: 8}\n"
                                  "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, "
                                  "dropout: 0.0}\ndecoder: {vocab_size: 9}\n"));
    Rng rng(5);
    graph::initialize_weights(model, rng);
    for (auto& [name, tensor] : model.weights) {  // louder, so that tokens change often
      if (tensor.dtype() != DType::kF32 || graph::is_buffer(name)) continue;
      for (float& weight : tensor.mutable_data<float>()) weight *= 4;
    }
    model.signal.rate_hz = kRate;
    model.signal.channels = {"Cz", "Oz"};
    model.signal.num_channels = 2;
    model.signal.unit = "V";
    model.signal.normalization = graph::Normalization::kZscore;
    model.vocabulary.tokenizer =
        text::CharacterTokenizer::train(std::vector<std::string>{"abcde"})->to_json();
    bundle_ = recognize::make_bundle(recognize::make_runnable(std::move(model)));

    io::RecordingInfo info;
    info.rate_hz = kRate;
    info.channels = {{.name = "Cz", .unit = "V"}, {.name = "Oz", .unit = "V"}};
    Tensor noise(DType::kF32, {2, kSamples});
    for (float& value : noise.mutable_data<float>())
      value = static_cast<float>(1e-5 * rng.normal());
    io::write_recording(dir_ / "r.edf", *io::make_recording(info, noise));
  }

  data::Utterance said(const std::string& id, double begin_s, double end_s,
                       const std::string& split = "test") const {
    data::Utterance utterance;
    utterance.id = id;
    utterance.signal = "r.edf";
    utterance.ranges = {{static_cast<std::int64_t>(begin_s * kRate),
                         static_cast<std::int64_t>((end_s - begin_s) * kRate)}};
    utterance.text = "abc";
    utterance.subject = "s1";
    utterance.split = split;
    return utterance;
  }
  Results evaluate(const std::vector<data::Utterance>& utterances, int jobs = 1) {
    data::DatasetInfo info;
    info.name = "noise";
    info.signal = bundle_.model().signal;
    data::Dataset(dir_.path(), info, utterances).write(dir_.path());
    const EvalSet set = open_eval_set(dir_.path().string(), {}, bundle_.model());
    EvalOptions evaluation;
    evaluation.jobs = jobs;
    return evaluate_streamed(bundle_, dir_.path(), set, {}, options_, evaluation);
  }
  /// What nest stream prints of the recording.
  std::string streamed_text() {
    const auto clock = stream::make_wall_clock();
    stream::StreamingInference pipeline(bundle_, options_.config, {}, *clock);
    const auto source =
        stream::open_source({.source = "file:" + (dir_ / "r.edf").string()}, *clock);
    std::string text;
    feed(*source, pipeline, *clock,
         [&](const stream::StreamEvent& event) { text = pipeline.text_of(event.committed); });
    return text;
  }

  test::TempDir dir_;
  recognize::Bundle bundle_;
  StreamedOptions options_{.config = {.window_s = 4,
                                      .hop_s = 1,
                                      .lookahead_s = 0.5,
                                      .endpoint = {.trailing_silence_s = 0, .max_segment_s = 0}},
                           .margin_s = 0};
};

TEST_F(Streamed, an_utterance_of_the_whole_recording_is_what_the_stream_says) {
  const std::string text = streamed_text();
  ASSERT_GT(text.size(), 10u);
  const Results results = evaluate({said("all", 0, 30)});
  ASSERT_EQ(results.utterances.size(), 1u);
  EXPECT_EQ(results.utterances.front().hypothesis, text);
  EXPECT_EQ(results.streamed->background_characters, 0);
  EXPECT_NEAR(results.streamed->background_s, 0, 1e-9);
  ASSERT_EQ(results.streamed->delays_s.size(), 1u);
  EXPECT_LT(results.streamed->delays_s.front(), 0.01);
}

TEST_F(Streamed, every_token_counts_once_by_its_time_and_what_nobody_said_is_an_insertion) {
  const std::string text = streamed_text();
  const Results results =
      evaluate({said("one", 3, 9), said("trained", 9, 15, "train"), said("two", 20, 26)});
  std::string joined;
  std::vector<double> ends;
  for (const UtteranceResult& u : results.utterances) {
    joined += u.hypothesis;
    if (u.is_background) continue;
    for (const TokenResult& token : u.tokens) {
      const double middle_s = (token.start_s + token.end_s) / 2;
      EXPECT_TRUE(middle_s >= 0 && middle_s <= 6) << u.id << " " << middle_s;
    }
  }
  const Results train =
      evaluate({said("trained", 9, 15), said("one", 3, 9, "train"), said("two", 20, 26, "train")});
  joined += train.utterances.front().hypothesis;
  std::string sorted = text;
  std::ranges::sort(sorted);
  std::ranges::sort(joined);
  EXPECT_EQ(joined, sorted);

  const StreamedFigures& figures = *results.streamed;
  EXPECT_DOUBLE_EQ(figures.background_s, 30 - 6 - 6 - 6);
  EXPECT_GT(figures.background_characters, 0);
  std::int64_t unsaid = 0;
  for (const UtteranceResult& u : results.utterances) {
    if (u.is_background) unsaid += static_cast<std::int64_t>(u.hypothesis.size());
  }
  EXPECT_EQ(figures.background_characters, unsaid);
  const Summary summary = summarize(results, {});
  EXPECT_EQ(summary.counts.decoded, 2u);
  EXPECT_THAT(summary_text(summary), testing::HasSubstr("characters a minute nobody said"));
  std::int64_t insertions = 0;
  for (const auto& score : scores_of(results)) insertions += score.characters.insertions;
  EXPECT_GE(insertions, unsaid);
}

TEST_F(Streamed, results_do_not_depend_on_jobs_and_survive_their_file) {
  const std::vector<data::Utterance> utterances{said("one", 3, 9), said("two", 20, 26)};
  const Results one = evaluate(utterances, 1), more = evaluate(utterances, 3);
  ASSERT_EQ(one.utterances.size(), more.utterances.size());
  for (std::size_t i = 0; i < one.utterances.size(); ++i)
    EXPECT_EQ(one.utterances[i].hypothesis, more.utterances[i].hypothesis);
  const Results read = results_from_json(to_json(one, summarize(one, {})));
  EXPECT_EQ(read.streamed, one.streamed);
  EXPECT_THROW(merge_results(std::vector{one, more}), Error);
}

TEST_F(Streamed, joined_utterances_never_happened_in_a_stream) {
  data::Utterance joined = said("joined", 1, 5);
  joined.ranges.push_back({1000, 64});
  try {
    evaluate({joined});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("joined is joined of 2 ranges"));
  }
}

}  // namespace
}  // namespace nest::eval
