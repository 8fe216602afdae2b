#include "nest/deploy/inspect.h"

#include <cmath>
#include <fstream>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/io/checkpoint.h"
#include "nest/io/npy.h"
#include "nest/runtime/prepared.h"
#include "nest/text/character_tokenizer.h"
#include "tests/support/temp_dir.h"

namespace nest::deploy {
namespace {

constexpr const char* kModels =
    "small: {model_name: NEST_CTC, spatial_cnn: {type: EEGNet, n_channels: 3, "
    "n_pointwise_filters: 8}, temporal_encoder: {type: LSTM, hidden_dim: 4, num_layers: 1}, "
    "decoder: {vocab_size: 5}}\n";

graph::Model small_model() {
  graph::Model model = graph::build_model("small", Config::parse(kModels).at("small"));
  Rng rng(1);
  graph::initialize_weights(model, rng);
  return model;
}

class Inspect : public testing::Test {
 protected:
  Json description(const std::string& name, const InspectOptions& options = {}) const {
    return inspect(dir_ / name, options).description;
  }
  ErrorCode code_of(const std::string& name, const InspectOptions& options = {}) const {
    try {
      inspect(dir_ / name, options);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }
  test::TempDir dir_;
};

TEST_F(Inspect, a_checkpoint_shows_tensors_and_the_model_they_make) {
  save_model(small_model(), dir_ / "m.safetensors");
  const Inspection found = inspect(dir_ / "m.safetensors");
  EXPECT_TRUE(found.problem.empty());
  EXPECT_EQ(found.description.at("kind"), "checkpoint");
  EXPECT_EQ(found.description.at("family"), "ctc");
  EXPECT_EQ(found.description.at("vocabulary"), 5);
  EXPECT_EQ(found.description.at("tensors").size(), small_model().weights.size());
  EXPECT_EQ(found.description.at("graphs").size(), 2u);
  ASSERT_TRUE(found.model.has_value());
  EXPECT_EQ(description("m.safetensors", {.graph = "encoder"}).at("graphs").size(), 1u);
  EXPECT_EQ(code_of("m.safetensors", {.graph = "joiner"}), ErrorCode::kNotFound);
}

TEST_F(Inspect,
       weights_that_do_not_fit_their_configuration_are_a_problem_without_one_they_are_not) {
  io::Checkpoint checkpoint = to_checkpoint(small_model());
  checkpoint.state_dict.erase(checkpoint.state_dict.begin());
  io::write_checkpoint(dir_ / "short.pt", checkpoint);
  const Inspection damaged = inspect(dir_ / "short.pt");
  EXPECT_FALSE(damaged.problem.empty());
  EXPECT_FALSE(damaged.model.has_value());
  EXPECT_EQ(damaged.description.at("tensors").size(), checkpoint.state_dict.size());
  checkpoint.model_config = nullptr;
  checkpoint.extra = Json::object();
  io::write_checkpoint(dir_ / "bare.pt", checkpoint);
  const Inspection bare = inspect(dir_ / "bare.pt");
  EXPECT_TRUE(bare.problem.empty());
  EXPECT_TRUE(bare.description.contains("model_error"));
}

TEST_F(Inspect, a_prepared_model_shows_its_precision_and_graphs) {
  graph::Model model = small_model();
  graph::set_precision(model.quantization, graph::Precision::kInt8);
  runtime::prepare(std::move(model))->save(dir_ / "m.prepared");
  const Json json = description("m.prepared");
  EXPECT_EQ(json.at("kind"), "prepared model");
  EXPECT_EQ(json.at("quantization").at("precision"), "int8");
  EXPECT_GT(json.at("weight_bytes").get<int>(), 0);
  EXPECT_EQ(json.at("model"), small_model().name);
}

TEST_F(Inspect, a_configuration_lists_its_models_or_shows_one) {
  std::ofstream(dir_ / "models.yaml") << kModels;
  const Json all = description("models.yaml");
  ASSERT_EQ(all.at("models").size(), 1u);
  EXPECT_EQ(all.at("models").at(0).at("parameters"), small_model().num_parameters());
  EXPECT_EQ(description("models.yaml", {.model_key = "small"}).at("graphs").size(), 2u);
}

TEST_F(Inspect, an_array_shows_the_range_of_its_finite_values) {
  const std::vector<float> values{1, -3, std::nanf(""), 4};
  io::write_npy(dir_ / "a.npy", Tensor::from<float>({1, 1, 4}, values));
  const Json json = description("a.npy");
  EXPECT_EQ(json.at("kind"), "array");
  EXPECT_EQ(json.at("min"), -3);
  EXPECT_EQ(json.at("max"), 4);
  EXPECT_EQ(json.at("not_finite"), 1);
}

TEST_F(Inspect, a_tokenizer_shows_its_special_tokens) {
  const auto tokenizer = text::CharacterTokenizer::train(std::vector<std::string>{"ab"}, {});
  text::save_tokenizer(*tokenizer, dir_ / "t.json");
  const Json json = description("t.json");
  EXPECT_EQ(json.at("kind"), "tokenizer");
  EXPECT_EQ(json.at("size"), tokenizer->size());
  EXPECT_EQ(json.at("special").at("<UNK>"), 1);
}

TEST_F(Inspect, every_description_has_a_text) {
  save_model(small_model(), dir_ / "m.pt");
  std::ofstream(dir_ / "models.yaml") << kModels;
  io::write_npy(dir_ / "a.npy", Tensor::from<float>({1, 1, 2}, std::vector<float>{1, 2}));
  for (const auto& [file, expected] : std::map<std::string, std::string>{
           {"m.pt", "graph encoder"}, {"models.yaml", "small"}, {"a.npy", "min 1.0"}}) {
    EXPECT_NE(inspection_text(inspect(dir_ / file)).find(expected), std::string::npos) << file;
  }
}

TEST_F(Inspect, what_is_nothing_known_is_a_data_error) {
  std::ofstream(dir_ / "a.xyz") << "words";
  EXPECT_EQ(code_of("a.xyz"), ErrorCode::kDataCorrupt);
  EXPECT_EQ(code_of("missing.pt"), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace nest::deploy
