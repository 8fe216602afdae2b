#include "nest/deploy/prepared_model.h"

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "tests/support/temp_dir.h"

namespace nest::deploy {
namespace {

using graph::Precision;

class LoadPrepared : public testing::Test {
 protected:
  LoadPrepared() {
    model_ = graph::build_model(
        "nest_ctc", Config::parse("causal: true\n"
                                  "spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 64}\n"
                                  "temporal_encoder: {type: LSTM, hidden_dim: 8}\n"
                                  "decoder: {vocab_size: 6}\n"));
    Rng rng(3);
    graph::initialize_weights(model_, rng);
  }
  /// What a request for `precision` gives, from a weights file or a prepared one.
  graph::Quantization load(const char* name, std::optional<Precision> precision) const {
    return load_prepared(dir_ / name, {}, precision)->model().quantization;
  }
  void save(const char* name) const { save_model(model_, dir_ / name); }

  test::TempDir dir_;
  graph::Model model_;
};

TEST_F(LoadPrepared, weights_files_are_prepared_as_asked_else_as_they_say) {
  save("m.pt");
  EXPECT_EQ(load("m.pt", {}).precision, Precision::kFp32);
  EXPECT_EQ(load("m.pt", Precision::kInt8).precision, Precision::kInt8);
  model_.quantization.precision = Precision::kInt4;
  for (const char* name : {"codes.safetensors", "floats.pt"}) {
    save(name);
    EXPECT_EQ(load(name, {}).precision, Precision::kInt4) << name;
  }
  EXPECT_EQ(load("codes.safetensors", Precision::kFp32).precision, Precision::kFp32);
}

TEST_F(LoadPrepared, every_road_gives_a_causal_encoder_its_step) {
  save("m.pt");
  const auto prepared = load_prepared(dir_ / "m.pt");
  EXPECT_TRUE(prepared->model().graphs.contains("encoder_step"));
  prepared->save(dir_ / "m.prepared");
  EXPECT_TRUE(load_prepared(dir_ / "m.prepared")->model().graphs.contains("encoder_step"));
}

TEST_F(LoadPrepared, a_request_that_contradicts_the_file_is_an_error) {
  save("m.pt");
  load_prepared(dir_ / "m.pt", {}, Precision::kInt8)->save(dir_ / "m.prepared");
  EXPECT_EQ(load("m.prepared", {}).precision, Precision::kInt8);
  EXPECT_EQ(load("m.prepared", Precision::kInt8).precision, Precision::kInt8);
  for (const Precision other : {Precision::kFp32, Precision::kInt4}) {
    EXPECT_THROW(load("m.prepared", other), Error) << name_of(other);
  }
  EXPECT_THROW(load_prepared(dir_ / "m.prepared", {}, {}, {.sparse = false}), Error);

  model_.quantization.layers["ctc_decoder"] = {Precision::kInt8};
  save("mixed.pt");
  EXPECT_EQ(load("mixed.pt", {}).layers.size(), 1u);
  EXPECT_THROW(load("mixed.pt", Precision::kFp32), Error);
  load_prepared(dir_ / "mixed.pt")->save(dir_ / "mixed.prepared");
  EXPECT_THROW(load("mixed.prepared", Precision::kFp32), Error);
}

}  // namespace
}  // namespace nest::deploy
