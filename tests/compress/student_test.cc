#include "nest/compress/student.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/graph/frames.h"
#include "tests/support/error_of.h"

namespace nest::compress {
namespace {

using ::testing::HasSubstr;

graph::Model teacher() {
  graph::Model model = graph::build_model(
      "nest_ctc", Config::parse("spatial_cnn: {type: DeepConvNet, n_channels: 7, n_filters: 8}\n"
                                "temporal_encoder: {type: LSTM, hidden_dim: 32, num_layers: 2}\n"
                                "decoder: {vocab_size: 11}\n"));
  model.signal.rate_hz = 125;
  model.signal.unit = "uV";
  model.vocabulary.tokenizer = {{"kind", "character"}};
  return model;
}

graph::Model student(const std::string& yaml, std::uint64_t seed = 1) {
  const Config file = Config::parse(yaml, "small.yaml");
  return student_of(teacher(), "smaller", file.at("smaller"), seed);
}

std::string error_of(const std::string& yaml) {
  return test::error_of([&] { (void)student(yaml); });
}

const std::string kSmall =
    "smaller:\n  model_name: NEST_CTC\n"
    "  spatial_cnn: {type: DeepConvNet, n_channels: 3, n_filters: 4}\n"
    "  temporal_encoder: {type: GRU, hidden_dim: 8, num_layers: 1}\n"
    "  decoder: {vocab_size: 5}\n  training: {epochs: 3}\n";

TEST(Student, reads_the_signals_of_its_teacher_and_says_its_tokens) {
  const graph::Model small = student(kSmall);
  EXPECT_EQ(nest::to_json(small.signal), nest::to_json(teacher().signal));
  EXPECT_EQ(small.vocabulary.size, 11);
  EXPECT_EQ(small.vocabulary.tokenizer, teacher().vocabulary.tokenizer);
  EXPECT_EQ(small.weights.at("ctc_decoder.output_proj.weight").shape()[0], 11);
  EXPECT_LT(small.num_parameters(), teacher().num_parameters() / 4);
  EXPECT_EQ(graph::samples_per_frame(small), graph::samples_per_frame(teacher()));
}

TEST(Student, weights_follow_from_the_seed) {
  const auto weights = [](std::uint64_t seed) {
    return student(kSmall, seed).weights.at("ctc_decoder.output_proj.weight");
  };
  EXPECT_TRUE(bit_equal(weights(3), weights(3)));
  EXPECT_FALSE(bit_equal(weights(3), weights(4)));
}

TEST(Student, that_cannot_be_compared_with_its_teacher_is_refused_by_name) {
  const std::string trunk =
      "smaller:\n  spatial_cnn: {type: DeepConvNet, n_filters: 4, pool_size: 5}\n"
      "  temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1}\n";
  EXPECT_THAT(error_of(trunk + "  model_name: NEST_CTC\n  decoder: {vocab_size: 5}\n"),
              AllOf(HasSubstr("small.yaml"), HasSubstr("strides")));
  EXPECT_THAT(error_of(trunk + "  model_name: NEST_Attention\n"
                               "  decoder: {vocab_size: 5, embedding_dim: 4, hidden_dim: 8, "
                               "num_layers: 1}\n"),
              AllOf(HasSubstr("family"), HasSubstr("attention")));
  EXPECT_THAT(error_of("smaller: {model_name: NEST_LM, vocab_size: 5, embedding_dim: 4, "
                       "hidden_dim: 8, num_layers: 1}\n"),
              HasSubstr("family"));
}

}  // namespace
}  // namespace nest::compress
