#include "nest/graph/factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "tests/support/error_of.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kRnnT = 20469864;
constexpr std::int64_t kTransformerT = 24069544;
constexpr std::int64_t kAttention = 19783272;
constexpr std::int64_t kCtc = 16260200;
constexpr std::int64_t kConformerCtc = 37058984;

Model from_yaml(const std::string& key, const std::string& text) {
  return build_model(key, Config::parse(text, "model.yaml"));
}

std::string error_of(const std::string& key, const std::string& text) {
  return test::error_of([&] { from_yaml(key, text); });
}

/// The specification's names, as its file has them.
const char* const kSpecCtc = R"(
model_name: "NEST_CTC"
spatial_cnn: {type: "EEGNet", n_channels: 104, n_pointwise_filters: 128, dropout: 0.5}
temporal_encoder:
  type: "LSTM"
  input_size: 128
  hidden_size: 512
  num_layers: 3
  dropout: 0.3
  bidirectional: true
decoder: {input_size: 1024, vocab_size: 1000}
training: {batch_size: 20}
)";

const char* const kSpecTransformerT = R"(
model_name: "NEST_Transformer_T"
spatial_cnn:
  {type: DeepConvNet, in_channels: 104, out_channels: 128, num_filters: 64, kernel_size: 3, dropout: 0.5}
temporal_encoder:
  {type: Transformer, input_size: 128, d_model: 512, nhead: 8, num_layers: 6, dim_feedforward: 2048, dropout: 0.1}
decoder: {vocab_size: 1000, embedding_dim: 256, hidden_size: 512, num_layers: 2, dropout: 0.3}
joint: {encoder_dim: 512, decoder_dim: 512, hidden_dim: 512, vocab_size: 1000}
)";

TEST(Factory, parameter_counts_in_the_names_of_the_specification) {
  EXPECT_EQ(from_yaml("nest_ctc", kSpecCtc).num_parameters(), kCtc);
  EXPECT_EQ(from_yaml("nest_transformer_t", kSpecTransformerT).num_parameters(), kTransformerT);
  EXPECT_EQ(from_yaml("nest_rnn_t", R"(
model_name: NEST_RNN_T
spatial_cnn: {type: EEGNet, n_channels: 104, n_pointwise_filters: 128, dropout: 0.5}
temporal_encoder: {type: LSTM, input_dim: 128, hidden_size: 512, num_layers: 3, dropout: 0.3, bidirectional: true}
decoder: {vocab_size: 1000, embedding_dim: 256, hidden_size: 512, num_layers: 2, dropout: 0.3}
joint: {encoder_dim: 1024, decoder_dim: 512, hidden_dim: 512, vocab_size: 1000}
)")
                .num_parameters(),
            kRnnT);
  EXPECT_EQ(from_yaml("nest_attention", R"(
model_name: NEST_Attention
spatial_cnn: {type: EEGNet, n_channels: 104, n_pointwise_filters: 128, dropout: 0.5}
temporal_encoder: {type: GRU, input_size: 128, hidden_size: 512, num_layers: 3, dropout: 0.3, bidirectional: true}
attention: {type: CrossAttention, encoder_dim: 1024, decoder_dim: 512, hidden_dim: 512}
decoder: {vocab_size: 1000, embedding_dim: 256, hidden_size: 512, encoder_dim: 1024, dropout: 0.3}
)")
                .num_parameters(),
            kAttention);
}

TEST(Factory, parameter_counts_in_the_names_of_the_constructors) {
  EXPECT_EQ(from_yaml("nest_ctc", R"(
model_name: NEST_CTC
spatial_cnn: {type: DeepConvNet, n_channels: 104, n_filters: 32, dropout: 0.5}
temporal_encoder: {type: Conformer, input_dim: 128, d_model: 512, nhead: 8, num_layers: 6, conv_kernel_size: 31}
decoder: {input_dim: 512, vocab_size: 1000}
)")
                .num_parameters(),
            kConformerCtc);
  EXPECT_EQ(from_yaml("nest_rnn_t", R"(
n_channels: 104
vocab_size: 1000
spatial_cnn: {type: EEGNet, n_pointwise_filters: 128}
temporal_encoder: {type: LSTM, hidden_dim: 512, num_layers: 3}
decoder: {embedding_dim: 256, hidden_dim: 512}
joint: {joint_dim: 512}
)")
                .num_parameters(),
            kRnnT);
}

/// kSpecCtc with one piece of text replaced.
std::string changed(std::string_view from, std::string_view to) {
  std::string text = kSpecCtc;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Factory, unknown_keys_are_errors_that_list_the_known_ones) {
  const std::string error = error_of("nest_ctc", changed("num_layers: 3", "num_layer: 3"));
  EXPECT_THAT(error, HasSubstr("model.yaml:"));
  EXPECT_THAT(error, HasSubstr("temporal_encoder"));
  EXPECT_THAT(error, HasSubstr("'num_layer' (line 8)"));
  EXPECT_THAT(error, HasSubstr("num_layers"));
  EXPECT_THAT(error_of("nest_ctc", changed("training:", "trainin:")), HasSubstr("'trainin'"));
}

TEST(Factory, two_names_of_one_argument_are_an_error) {
  EXPECT_THAT(
      error_of("nest_ctc", changed("hidden_size: 512", "hidden_size: 512\n  hidden_dim: 512")),
      HasSubstr("two names of the same argument"));
}

TEST(Factory, sizes_that_contradict_each_other_are_errors_with_line_and_key) {
  EXPECT_THAT(error_of("nest_ctc", changed("input_size: 128", "input_size: 64")),
              HasSubstr("model.yaml:6: temporal_encoder.input_size: 64 contradicts the front end's "
                        "features: 128"));
  EXPECT_THAT(error_of("nest_ctc", changed("input_size: 1024", "input_size: 512")),
              HasSubstr("contradicts the encoder's output features: 1024"));
}

TEST(Factory, values_out_of_range_are_errors) {
  EXPECT_THAT(error_of("nest_ctc", changed("hidden_size: 512", "hidden_size: 0")),
              HasSubstr("0 is not in [1, "));
  EXPECT_THAT(error_of("nest_ctc", changed("hidden_size: 512", "hidden_size: many")),
              HasSubstr("expected an integer, found 'many'"));
  EXPECT_THAT(error_of("nest_ctc", changed("dropout: 0.3", "dropout: 1.0")),
              HasSubstr("1 is not in [0, 1)"));
  EXPECT_THAT(error_of("nest_ctc", changed("\"LSTM\"", "RNN")),
              HasSubstr("unknown type 'RNN' (known: LSTM, GRU, Transformer, Conformer)"));
  EXPECT_THAT(error_of("nest_ctc", changed("hidden_size: 512", "hidden_size: 512\n  nhead: 3")),
              HasSubstr("unknown key 'nhead'"));
  EXPECT_THAT(error_of("nest_ctc", R"(
spatial_cnn: {type: EEGNet, n_channels: 8}
temporal_encoder: {type: Conformer, d_model: 32, nhead: 5}
decoder: {vocab_size: 20}
)"),
              HasSubstr("nhead 5 does not divide d_model 32"));
}

TEST(Factory, the_widths_of_deepconvnet_follow_out_channels) {
  const auto with = [](const std::string& keys) {
    return "spatial_cnn: {type: DeepConvNet, n_channels: 8, " + keys +
           "}\ntemporal_encoder: {type: LSTM, hidden_dim: 4}\ndecoder: {vocab_size: 20}\n";
  };
  const auto features = [&](const std::string& keys) {
    const Model model = from_yaml("nest_ctc", with(keys));
    return model.config["temporal_encoder"]["input_dim"].get<int>();
  };
  EXPECT_EQ(features("out_channels: 128, num_filters: 64"), 128);
  EXPECT_EQ(features("out_channels: 128, num_filters: 32"), 128);
  EXPECT_EQ(features("num_filters: 64"), 256);
  EXPECT_EQ(features("n_filters: 6"), 24);
  EXPECT_THAT(error_of("nest_ctc", with("out_channels: 128, num_filters: 48")),
              HasSubstr("48 is not the width of a block: out_channels 128 makes blocks of 32, 64 "
                        "and 128"));
  EXPECT_THAT(error_of("nest_ctc", with("out_channels: 130")), HasSubstr("4 * n_filters"));
}

TEST(Factory, a_key_of_the_users_own_needs_a_known_model_name) {
  EXPECT_EQ(from_yaml("my_model", kSpecCtc).name, "my_model");
  EXPECT_THAT(error_of("nest_rnn_t", kSpecCtc), HasSubstr("contradicts the key 'nest_rnn_t'"));
  EXPECT_THAT(error_of("my_model", changed("NEST_CTC", "NEST_XYZ")),
              HasSubstr("known: nest_rnn_t"));
}

TEST(Factory, building_from_the_resolved_configuration_gives_it_back) {
  for (const Model& model :
       {from_yaml("nest_ctc", kSpecCtc), from_yaml("nest_transformer_t", kSpecTransformerT)}) {
    const Model again = build_from_model_config(Config::from_json(model.config));
    EXPECT_EQ(again.config, model.config);
    EXPECT_EQ(again.num_parameters(), model.num_parameters());
  }
}

}  // namespace
}  // namespace nest::graph
