#include "nest/train/masks.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/support/temp_dir.h"
#include "toy.h"

namespace nest::train {
namespace {

TensorMap every_third(const graph::Model& model) {
  TensorMap masks;
  for (const char* name :
       {"temporal_encoder.lstm.weight_hh_l0", "ctc_decoder.output_proj.weight"}) {
    Tensor mask(DType::kBool, model.weights.at(name).shape());
    for (std::size_t i = 0; i < static_cast<std::size_t>(mask.numel()); ++i)
      mask.mutable_data<bool>()[i] = i % 3 != 0;
    masks.emplace(name, mask);
  }
  return masks;
}

TEST(WeightHook, is_what_passes_compute_with_and_snapshots_leave_out) {
  const graph::Model model = toy_model("nest_ctc");
  nn::TorchExecutor plain(model), hooked(model);
  const nn::NamedTensors x{{"encoder_output", torch::ones({1, 3, 16})}};
  hooked.set_weight_hook([](std::string_view name, const torch::Tensor& weight) {
    return name.ends_with("weight") ? weight * 0 : weight;
  });
  const torch::NoGradGuard no_grad;
  const torch::Tensor out = hooked.forward("ctc_head", x).at("log_probs");
  EXPECT_FALSE(torch::allclose(out, plain.forward("ctc_head", x).at("log_probs")));
  EXPECT_TRUE(torch::equal(out[0][0], out[0][2]));
  for (const auto& [name, tensor] : hooked.snapshot().weights)
    EXPECT_TRUE(bit_equal(tensor, model.weights.at(name))) << name;
}

TEST(KeepMasks, pruned_weights_stay_zero_and_the_others_learn) {
  const graph::Model model = toy_model("nest_ctc");
  const TensorMap masks = every_third(model);
  const MemorySource training(toy_examples(16));
  TrainData data{&training, nullptr, nullptr};
  keep_masks(data, masks);
  TrainOptions options = toy_options(2);
  options.optimizer.weight_decay = 0.1;
  options.optimizer.ema_decay = 0.5;
  const test::TempDir folder;
  Trainer trainer(model, data, options, folder / "run");
  (void)trainer.run();
  const graph::Model trained = trainer.executor().snapshot();
  for (const auto& [name, mask] : masks) {
    const auto values = trained.weights.at(name).data<float>();
    const auto before = model.weights.at(name).data<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (mask.data<bool>()[i]) {
        EXPECT_NE(values[i], before[i]) << name;
      } else {
        EXPECT_EQ(values[i], 0) << name;
      }
    }
  }
}

}  // namespace
}  // namespace nest::train
