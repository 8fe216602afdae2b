// Training with rounded products against the runtime that computes in codes.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/compress/post_training_quantizer.h"
#include "nest/core/error.h"
#include "nest/graph/rewrite.h"
#include "nest/nn/executor.h"
#include "nest/nn/tensor.h"
#include "nest/runtime/executor.h"
#include "nest/runtime/prepared.h"
#include "nest/train/fake_quantization.h"
#include "nest/train/qat_trainer.h"
#include "tests/support/largest_difference.h"
#include "tests/support/one_node.h"
#include "tests/support/unit_models.h"
#include "tests/support/unit_runs.h"
#include "toy.h"

namespace nest::train {
namespace {

using compress::ActivationScales;
using graph::LayerQuantization;
using graph::Precision;

double apart(const Tensor& a, const Tensor& b) {
  return test::largest_difference({{"y", a}}, {{"y", b}});
}

struct Executors {
  runtime::NativeExecutor codes;
  nn::TorchExecutor floats;

  explicit Executors(const graph::Model& model) : codes(runtime::prepare(model)), floats(model) {
    floats.set_product_hook(std::make_shared<FakeQuantization>(model, ActivationScales::kKept));
  }
};

TensorMap awkward_inputs(const graph::Graph& graph, float scale) {
  TensorMap inputs;
  for (const graph::Port& port : graph.inputs) {
    const graph::Value& value = graph.value(port.value);
    Shape shape;
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval({{"B", 2}, {"T", 37}}));
    Tensor tensor(value.dtype, shape);
    Rng rng(3, port.name);
    std::size_t i = 0;
    if (value.dtype == DType::kI64) {
      for (auto& token : tensor.mutable_data<std::int64_t>()) token = static_cast<int>(i++ % 9);
    } else {
      for (float& x : tensor.mutable_data<float>()) {
        const auto code = static_cast<float>(static_cast<int>(i % 261) - 130);
        x = i % 3 == 0 ? (code + 0.5f) * scale : static_cast<float>(rng.normal());
        if (++i % 53 == 0) x = 1e6f;
      }
    }
    inputs.emplace(port.name, std::move(tensor));
  }
  return inputs;
}

struct Product {
  std::string name;
  graph::Op op;
  std::vector<test::TestInput> inputs;
};

std::vector<Product> products() {
  using graph::Dim;
  const Dim b = test::batch(), t = test::frames();
  return {
      {"linear", graph::Linear{70, 33}, {{"x", {b, t, Dim(70)}, 1}}},
      {"wide_linear", graph::Linear{2100, 5}, {{"x", {b, t, Dim(2100)}, 1}}},
      {"conv",
       graph::Conv{
           .in_channels = 8, .out_channels = 6, .kernel_t = 5, .pad_left = 2, .pad_right = 2},
       {{"x", {b, Dim(8), t}, 2}}},
      {"conv_2d",
       graph::Conv{.in_channels = 8,
                   .out_channels = 6,
                   .kernel_s = 3,
                   .kernel_t = 4,
                   .stride_t = 2,
                   .groups = 2,
                   .has_bias = false,
                   .is_2d = true},
       {{"x", {b, Dim(8), Dim(3), t}, 3}}},
      {"narrow_conv",
       graph::Conv{.in_channels = 3, .out_channels = 6, .kernel_t = 5},
       {{"x", {b, Dim(3), t}, 2}}},
      {"embedding", graph::Embedding{9, 40}, {{"x", {b, t}, 1, DType::kI64}}},
  };
}

TEST(QatLaw, a_product_in_training_is_that_of_the_runtime_bit_for_bit) {
  for (const Product& item : products()) {
    for (const LayerQuantization& how :
         std::vector<LayerQuantization>{{Precision::kInt8},
                                        {Precision::kInt8, graph::Granularity::kPerTensor},
                                        {Precision::kInt4}}) {
      for (const float scale : {0.0f, 0.0371f}) {
        graph::Model model = test::one_node(item.op, item.inputs);
        model.quantization.layers["node"] = how;
        const bool is_product = !graph::product_names(model.graph("block").nodes[0]).empty();
        if (scale > 0 && is_product) model.quantization.activations["node"].scale = scale;
        Executors both(model);
        const TensorMap inputs = awkward_inputs(model.graph("block"), 0.0371f);
        const Tensor want = both.codes.run("block", inputs).at("y0");
        const Tensor made = both.floats.run("block", inputs).at("y0");
        // A convolution that stays in floats adds in another order.
        const bool is_float =
            item.name == "narrow_conv" || (item.name.starts_with("conv") && scale == 0);
        if (is_float) continue;
        EXPECT_TRUE(bit_equal(made, want))
            << item.name << " " << name_of(how.precision) << " scale " << scale << " differ by "
            << apart(made, want);
      }
    }
  }
}

TEST(QatLaw, recurrent_layers_differ_by_their_activation_functions_alone) {
  using graph::Dim;
  const std::vector<test::TestInput> inputs{{"x", {test::batch(), test::frames(), Dim(20)}, 1}};
  for (const graph::Op& op :
       std::vector<graph::Op>{graph::Lstm{20, 24, 1, true}, graph::Gru{20, 24, 1, true}}) {
    for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
      graph::Model model = test::one_node(op, inputs);
      model.quantization.precision = precision;
      for (const std::string& product : graph::product_names(model.graph("block").nodes[0]))
        model.quantization.activations[product].scale =
            product.ends_with("hh") ? 1.0f / 127 : 0.03f;
      Executors both(model);
      TensorMap signal;
      Tensor x(DType::kF32, {1, 12, 20});
      Rng rng(9, "signal");
      for (float& value : x.mutable_data<float>()) value = static_cast<float>(rng.normal());
      signal.emplace("x", x);
      const TensorMap want = both.codes.run("block", signal);
      for (const auto& [name, y] : both.floats.run("block", signal))
        EXPECT_LT(apart(y, want.at(name)), 1e-5) << name;
    }
  }
}

graph::Model calibrated(const graph::Model& model, Precision precision) {
  compress::PostTrainingQuantizer quantizer(model, {.precision = precision});
  runtime::NativeExecutor executor(
      runtime::prepare(quantizer.prepare(), {}, &quantizer.observer()));
  quantizer.calibrate(1, [&](std::int64_t) { (void)test::run_all(executor); });
  graph::Model made = quantizer.quantize();
  graph::fold_batch_norm(made);
  return made;
}

TEST(QatLaw, whole_models_of_every_kind_come_out_within_a_ten_thousandth) {
  for (const test::UnitModel& item : test::unit_models()) {
    for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
      Executors both(calibrated(test::make_unit_model(item), precision));
      const TensorMap want = test::run_all(both.codes);
      for (const auto& [name, y] : test::run_all(both.floats)) {
        if (y.dtype() != DType::kF32) continue;
        EXPECT_LT(apart(y, want.at(name)), 1e-4)
            << item.name << " " << name_of(precision) << " " << name;
      }
    }
  }
}

graph::Model quantized_toy(const std::string& key) {
  graph::Model model = toy_model(key);
  compress::PostTrainingQuantizer quantizer(model, {});
  runtime::NativeExecutor executor(
      runtime::prepare(quantizer.prepare(), {}, &quantizer.observer()));
  const std::vector<Example> examples = toy_examples(6);
  quantizer.calibrate(6, [&](std::int64_t i) {
    Tensor signal = examples[static_cast<std::size_t>(i)].signal;
    const std::int64_t samples = signal.dim(1);
    TensorMap inputs{{"eeg_data", signal.reshaped({1, 2, samples})}};
    if (model.family != graph::Family::kCtc)
      inputs["target_labels"] = Tensor::from<std::int64_t>({1, 2}, {4, 5});
    (void)graph::run_forward(executor, inputs);
  });
  return quantizer.quantize();
}

class QatOf : public ::testing::TestWithParam<std::string> {};

TEST_P(QatOf, the_converted_model_computes_what_was_trained) {
  for (const ActivationScales scales :
       {ActivationScales::kLearned, ActivationScales::kObserved, ActivationScales::kKept}) {
    const graph::Model start = quantized_toy(GetParam());
    QATTrainer trainer(start, {.scales = scales, .optimizer = {.learning_rate = 1e-2}});
    trainer.prepare();
    const Batch batch = make_batch(toy_examples(8));
    const double first = trainer.train_step(batch);
    double last = first;
    for (int i = 0; i < 25; ++i) last = trainer.train_step(batch);
    EXPECT_LT(last, 0.8 * first);
    const graph::Model made = trainer.convert();
    const auto& activations = made.quantization.activations;
    EXPECT_EQ(activations.size(), start.quantization.activations.size());
    EXPECT_EQ(activations == start.quantization.activations, scales == ActivationScales::kKept);
    runtime::NativeExecutor codes(runtime::prepare(made));
    const Tensor signal = toy_examples(1, 5)[0].signal;
    const TensorMap inputs{{"eeg_data", signal.reshaped({1, 2, signal.dim(1)})}};
    EXPECT_LT(apart(trainer.executor().run("encoder", inputs).at("encoder_output"),
                    codes.run("encoder", inputs).at("encoder_output")),
              1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, QatOf,
                         ::testing::Values("nest_ctc", "nest_rnn_t", "nest_attention"));

TEST(QatTrainer, refuses_a_model_without_codes_and_a_step_before_it_is_prepared) {
  QATTrainer floats(toy_model("nest_ctc"));
  EXPECT_THROW(floats.prepare(), Error);
  QATTrainer early(quantized_toy("nest_ctc"));
  EXPECT_THROW((void)early.train_step(make_batch(toy_examples(2))), Error);
  EXPECT_THROW((void)early.convert(), Error);
}

}  // namespace
}  // namespace nest::train
