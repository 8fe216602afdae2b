// Training a model on is training: the same options give the same weights, bit for bit.
#include "nest/train/fine_tuner.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/compress/post_training_quantizer.h"
#include "nest/core/file.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/io/checkpoint.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "nest/synth/corpus.h"
#include "nest/train/run.h"
#include "tests/support/largest_difference.h"
#include "tests/support/temp_dir.h"

namespace nest::train {
namespace {

/// Sentences in continuous recordings, and a model that has been trained on them for an epoch.
class FineTuning : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new test::TempDir;
    synth::SynthOptions synth;
    synth.sentences = 20;
    synth.continuous = true;
    synth.channels = 4;
    synth.rate_hz = 125;
    synth::write_corpus(synth, *dir_ / "data");
    write_text_file(*dir_ / "models.yaml",
                    "m:\n  model_name: NEST_CTC\n"
                    "  spatial_cnn: {type: DeepConvNet, n_channels: 4, n_filters: 4, pool_size: 2, "
                    "dropout: 0.1}\n"
                    "  temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1}\n"
                    "  decoder: {vocab_size: 40}\n");
    TrainOptions options;
    options.epochs = 1;
    run_training(run("first"), options);
  }
  static void TearDownTestSuite() { delete dir_; }

  static std::filesystem::path path(const std::string& name) { return *dir_ / name; }
  static RunOptions run(const std::string& name) {
    RunOptions run;
    run.data = path("data").string();
    run.config = path("models.yaml").string();
    run.model_key = "m";
    run.out = path(name).string();
    run.validation_split = "";
    return run;
  }
  static compress::FineTuneOptions in_a_stream() {
    compress::FineTuneOptions options{
        .epochs = 2, .batch_size = 4, .learning_rate = 2e-3, .seed = 5, .validation_split = ""};
    options.warmup_steps = 3;
    options.weight_decay = 0.02;
    options.ema_decay = 0.9;
    options.text_within_s = 0.7;
    options.augment = {.noise = 0.1, .time_mask = 0.05, .join = 0.5, .join_most = 3};
    options.surround = {.before_s = 1, .after_s = 1, .background_s = 2};
    options.windows = {.window_s = 3, .hop_s = 1.5, .lookahead_s = 0.5};
    return options;
  }
  static graph::Model first() { return deploy::load_model(path("first/last.pt")); }
  static graph::Model tuned(const std::string& name, const compress::FineTuneOptions& options,
                            const graph::Model& model = first()) {
    return FineTuner(path("data"), model, options).train(model, {}, path(name));
  }
  static void expect_same(const TensorMap& a, const TensorMap& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, tensor] : a) EXPECT_TRUE(bit_equal(tensor, b.at(name))) << name;
  }

 private:
  static inline test::TempDir* dir_ = nullptr;
};

TEST_F(FineTuning, is_what_training_does_with_the_same_options) {
  const compress::FineTuneOptions fine = in_a_stream();
  TrainOptions options;
  options.epochs = fine.epochs;
  options.batch_size = fine.batch_size;
  options.seed = fine.seed;
  options.optimizer.learning_rate = fine.learning_rate;
  options.optimizer.weight_decay = fine.weight_decay;
  options.optimizer.ema_decay = fine.ema_decay;
  options.schedule.warmup_steps = fine.warmup_steps;
  options.torch.threads = fine.threads;
  options.text_within_s = fine.text_within_s;
  options.augment = fine.augment;
  options.surround = fine.surround;
  options.windows = fine.windows;
  RunOptions run = FineTuning::run("trained");
  run.init = path("first/last.pt").string();
  run.tokenizer = path("first/tokenizer.json").string();
  run_training(run, options);
  expect_same(tuned("tuned", fine).weights,
              io::read_checkpoint(path("trained/best.pt")).state_dict);
}

TEST_F(FineTuning, hears_what_surrounds_an_utterance_only_if_asked_to) {
  compress::FineTuneOptions cut = in_a_stream();
  cut.surround = {};
  const TensorMap wide = tuned("wide", in_a_stream()).weights, narrow = tuned("cut", cut).weights;
  EXPECT_FALSE(bit_equal(wide.at("ctc_decoder.output_proj.weight"),
                         narrow.at("ctc_decoder.output_proj.weight")));
}

TEST_F(FineTuning, holds_texts_to_their_time_if_asked_to) {
  compress::FineTuneOptions whenever = in_a_stream();
  whenever.text_within_s = 0;
  EXPECT_FALSE(bit_equal(tuned("timed", in_a_stream()).weights.at("ctc_decoder.output_proj.weight"),
                         tuned("whenever", whenever).weights.at("ctc_decoder.output_proj.weight")));
}

/// LibTorch splits sums among its threads, so bits are those of a run with as many of them; the
/// program's own threads, which read the data, change none.
TEST_F(FineTuning, repeats_every_bit_and_differs_by_rounding_with_other_numbers_of_threads) {
  const graph::Model model = first();
  compress::PostTrainingQuantizer quantizer(model, {});
  runtime::NativeExecutor executor(
      runtime::prepare(quantizer.prepare(), {}, &quantizer.observer()));
  quantizer.calibrate(1, [&](std::int64_t) {
    const data::Dataset dataset = data::Dataset::open(path("data"));
    const Tensor signal = dataset.load_signal(0);
    (void)graph::run_forward(executor,
                             {{"eeg_data", signal.reshaped({1, signal.dim(0), signal.dim(1)})}});
  });
  for (const bool in_codes : {false, true}) {
    const graph::Model start = in_codes ? quantizer.quantize() : model;
    compress::FineTuneOptions options = in_a_stream();
    options.distillation.weight = 0.5;
    const TensorMap one = tuned("one", options, start).weights;
    options.threads = 3;
    EXPECT_LT(test::largest_difference(one, tuned("three", options, start).weights), 1e-2);
    options.threads = 1;
    expect_same(one, tuned("again", options, start).weights);
  }
}

}  // namespace
}  // namespace nest::train
