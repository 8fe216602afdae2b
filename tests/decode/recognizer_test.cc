#include <filesystem>

#include <gtest/gtest.h>

#include "decode/executor_scorers.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/decode/model_recognizer.h"
#include "nest/graph/factory.h"
#include "nest/graph/frames.h"
#include "nest/io/checkpoint.h"
#include "nest/io/npy.h"
#include "nest/runtime/executor.h"
#include "tests/support/paths.h"

namespace nest::decode {
namespace {

struct GreedyCase {
  std::string entry;
  std::string field;  ///< of the outputs in meta.json
};

graph::Model load_entry(const std::string& name) {
  const io::Checkpoint checkpoint = io::read_checkpoint(test::parity_folder(name) / (name + ".pt"));
  graph::Model model =
      graph::build_from_model_config(Config::from_json(checkpoint.model_config, name), "");
  graph::load_weights(model, checkpoint.state_dict);
  return model;
}

/// Item b of a [B, F, D] tensor as rows.
std::span<const float> item(const Tensor& batch, std::int64_t b) {
  const auto size = static_cast<std::size_t>(batch.dim(1) * batch.dim(2));
  return batch.data<float>().subspan(static_cast<std::size_t>(b) * size, size);
}

TEST(BlockParity, attention_decoders_alone_decode_the_vectors) {
  for (const std::string name : {"block_attention_decoder", "block_attention_decoder_mha"}) {
    runtime::NativeExecutor executor(runtime::prepare(load_entry(name)));
    ExecutorStepScorer scorer(executor, "block");
    SearchSpace space{.family = graph::Family::kAttention,
                      .vocab_size = scorer.vocab_size(),
                      .sos_id = 2,
                      .eos_id = -1};
    space.attention = &scorer;
    DecodeOptions options;
    options.max_length = 12;
    const Tensor memory = io::read_npy(test::parity_folder(name) / "base.in.encoder_output.npy");
    const Json outputs = load_json(test::parity_folder(name) / "meta.json")["cases"][0]["outputs"];
    for (std::int64_t b = 0; b < memory.dim(0); ++b) {
      const auto nbest = GreedyDecoder(space, options).decode(item(memory, b));
      EXPECT_EQ(nbest[0].tokens, outputs["greedy_from_token2"]["value"][static_cast<std::size_t>(b)]
                                     .get<std::vector<TokenId>>())
          << name;
    }
  }
}

TEST(BlockParity, ctc_decoder_alone_decodes_the_vectors) {
  const auto folder = test::parity_folder("block_ctc_decoder");
  const Tensor rows = io::read_npy(folder / "base.out.log_probs.npy");
  const Json wanted = load_json(folder / "meta.json")["cases"][0]["outputs"]["greedy"]["value"];
  const SearchSpace space{.family = graph::Family::kCtc, .vocab_size = rows.dim(2)};
  for (std::int64_t b = 0; b < rows.dim(0); ++b) {
    EXPECT_EQ(GreedyDecoder(space, {}).decode(item(rows, b))[0].tokens,
              wanted[static_cast<std::size_t>(b)].get<std::vector<TokenId>>());
  }
}

class RecognizerParity : public testing::TestWithParam<GreedyCase> {
 protected:
  void SetUp() override {
    const auto folder = test::parity_folder(GetParam().entry);
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
    meta_ = load_json(folder / "meta.json")["cases"][0];
    graph::Model model = load_entry(GetParam().entry);
    model.vocabulary.sos_id = 2;
    model.vocabulary.eos_id = -1;  // the vectors never stop early
    executor_ = std::make_unique<runtime::NativeExecutor>(runtime::prepare(std::move(model)));
    const Tensor eeg = io::read_npy(folder / "base.in.eeg_data.npy");
    const std::int64_t item = eeg.dim(1) * eeg.dim(2);
    for (std::int64_t b = 0; b < eeg.dim(0); ++b) {
      signals_.push_back(Tensor::from<float>(
          {eeg.dim(1), eeg.dim(2)}, eeg.data<float>().subspan(static_cast<std::size_t>(b * item),
                                                              static_cast<std::size_t>(item))));
    }
  }

  Json meta_;
  std::unique_ptr<runtime::NativeExecutor> executor_;
  std::vector<Tensor> signals_;
};

TEST_P(RecognizerParity, greedy_tokens_equal_the_vector) {
  DecodeOptions options;
  options.max_length = 12;
  options.max_symbols = 3;
  ModelRecognizer recognizer(*executor_, options);
  const auto results = recognizer.recognize(signals_);
  const Json& wanted = meta_["outputs"][GetParam().field]["value"];
  ASSERT_EQ(results.size(), wanted.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].tokens, wanted[i].get<std::vector<TokenId>>());
    EXPECT_EQ(results[i].times.size(), results[i].tokens.size());
    for (const TokenSpan& span : results[i].times) {
      EXPECT_LT(span.start_frame, span.end_frame);
      EXPECT_LE(span.end_frame, graph::num_frames(executor_->model(), signals_[i].dim(1)));
    }
  }
}

TEST_P(RecognizerParity, a_batch_of_different_lengths_decodes_as_each_signal_alone) {
  Rng rng(6);
  std::vector<Tensor> signals;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t samples = signals_[0].dim(1) + 37 * ((i * 2) % 5);
    Tensor signal(DType::kF32, {signals_[0].dim(0), samples});
    for (float& x : signal.mutable_data<float>()) x = static_cast<float>(rng.normal());
    signals.push_back(signal);
  }
  DecodeOptions options;
  options.beam_size = 4;
  options.nbest = 2;
  options.max_length = 8;
  options.batch_size = 3;
  ModelRecognizer recognizer(*executor_, options);
  const auto together = recognizer.recognize(signals);
  for (std::size_t i = 0; i < signals.size(); ++i) {
    const auto alone = recognizer.recognize({&signals[i], 1});
    ASSERT_EQ(together[i].nbest.size(), alone[0].nbest.size());
    for (std::size_t n = 0; n < alone[0].nbest.size(); ++n) {
      EXPECT_EQ(together[i].nbest[n].tokens, alone[0].nbest[n].tokens);
      EXPECT_NEAR(together[i].nbest[n].score, alone[0].nbest[n].score, 1e-4);
    }
  }
}

TEST_P(RecognizerParity, a_wide_beam_never_scores_below_greedy) {
  DecodeOptions options;
  options.max_length = 12;
  const auto greedy = ModelRecognizer(*executor_, options).recognize(signals_);
  options.beam_size = 30;
  ModelRecognizer recognizer(*executor_, options);
  const auto beam = recognizer.recognize(signals_);
  for (std::size_t i = 0; i < beam.size(); ++i) {
    EXPECT_GE(beam[i].nbest[0].score, greedy[i].nbest[0].score - 1e-5);
  }
  EXPECT_EQ(recognizer.info()["options"]["beam_size"], 30);
}

TEST_P(RecognizerParity, a_signal_of_the_wrong_shape_is_named) {
  ModelRecognizer recognizer(*executor_, {});
  const std::vector<Tensor> bad{signals_[0], Tensor(DType::kF32, {3, 200})};
  try {
    recognizer.recognize(bad);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("signal 1 is float32 [3, 200]"), std::string::npos)
        << error.message();
  }
}

TEST_P(RecognizerParity, a_guide_that_was_not_handed_over_is_an_error) {
  DecodeOptions options;
  options.beam_size = options.nbest = 4;
  options.lm = "model.arpa";
  EXPECT_THROW(ModelRecognizer(*executor_, options), Error);
  options.lm.clear();
  options.rescore_lm = "model.arpa";
  EXPECT_THROW(ModelRecognizer(*executor_, options), Error);
}

INSTANTIATE_TEST_SUITE_P(Families, RecognizerParity,
                         testing::Values(GreedyCase{"nest_ctc", "greedy"},
                                         GreedyCase{"nest_ctc_conformer", "greedy"},
                                         GreedyCase{"nest_attention", "greedy_from_token2"},
                                         GreedyCase{"nest_rnn_t", "greedy_max3"},
                                         GreedyCase{"nest_transformer_t", "greedy_max3"}),
                         [](const auto& info) { return info.param.entry; });

}  // namespace
}  // namespace nest::decode
