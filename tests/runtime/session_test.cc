#include "nest/runtime/session.h"

#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "families.h"
#include "kernels_test_util.h"
#include "nest/core/config.h"
#include "nest/graph/factory.h"
#include "nest/runtime/executor.h"
#include "runtime/program.h"
#include "tests/support/count_allocations.h"
#include "tests/support/temp_dir.h"

namespace nest::runtime {
namespace {

std::vector<float> encode_runs(const std::shared_ptr<const PreparedModel>& prepared, int runs = 1) {
  Session session(prepared, "encoder", {{"B", 1}, {"T", 400}});
  const auto x = random_floats(session.input("eeg_data").size(), 5);
  std::copy(x.begin(), x.end(), session.input("eeg_data").begin());
  for (int i = 0; i < runs; ++i) session.run();
  const auto y = session.output("encoder_output");
  return {y.begin(), y.end()};
}

class EveryFamily : public testing::TestWithParam<Family> {};
NEST_EVERY_FAMILY(EveryFamily);

TEST_P(EveryFamily, a_run_allocates_nothing_after_warm_up) {
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(GetParam(), precision);
    for (const auto& [name, graph] : prepared->model().graphs) {
      Session session(prepared, name, kLengths, {}, machine_of(2));
      session.run();
      const std::int64_t before = allocation_count();
      for (int i = 0; i < 3; ++i) {
        session.run();
        session.advance();
        session.reset();
      }
      EXPECT_EQ(allocation_count(), before) << name << " " << precision;
    }
  }
}

std::map<std::string, std::vector<float>> all_outputs(const PreparedModel& model,
                                                      NativeExecutor& executor) {
  std::map<std::string, std::vector<float>> all;
  for (const auto& [name, graph] : model.model().graphs) {
    const TensorMap inputs = random_inputs(graph, kLengths);
    for (const auto& [port, tensor] : executor.run(name, inputs)) {
      const auto data = tensor.data<float>();
      all.emplace(name + "/" + port, std::vector<float>(data.begin(), data.end()));
    }
  }
  return all;
}

TEST_P(EveryFamily, executors_of_any_thread_count_share_weights_and_give_the_same_bits) {
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(GetParam(), precision);
    const auto run = [&](int threads) {
      NativeExecutor executor(prepared, machine_of(threads));
      return all_outputs(*prepared, executor);
    };
    const auto one = run(1);
    ASSERT_GE(one.size(), 2u);
    for (const int threads : {2, 5}) EXPECT_EQ(run(threads), one) << precision << " " << threads;
  }
}

void expect_same_on_any_threads(const std::string& config) {
  const Family family{"wide", "nest_ctc", config.c_str()};
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(family, precision);
    const auto run = [&](int threads) {
      NativeExecutor executor(prepared, machine_of(threads));
      return all_outputs(*prepared, executor);
    };
    const auto one = run(1);
    for (const int threads : {2, 3, 4, 7})
      EXPECT_EQ(run(threads), one) << config << " " << precision << " " << threads;
  }
}

/// Units in whole panels, which several threads share.
TEST(ManyThreads, share_the_units_of_a_recurrent_layer) {
  for (const char* type : {"LSTM", "GRU"}) {
    for (const bool bidirectional : {false, true}) {
      expect_same_on_any_threads(fmt::format(
          "{{model_name: NEST_CTC, n_channels: 6, vocab_size: 11, spatial_cnn: {{type: EEGNet, "
          "n_channels: 6, sampling_rate: 64, n_pointwise_filters: 8}}, temporal_encoder: {{type: "
          "{}, input_dim: 8, hidden_dim: 320, num_layers: 2, bidirectional: {}}}, decoder: "
          "{{input_dim: {}, vocab_size: 11}}}}",
          type, bidirectional, bidirectional ? 640 : 320));
    }
  }
}

/// Many output channels of few samples.
TEST(ManyThreads, share_the_channels_of_a_convolution) {
  expect_same_on_any_threads(
      "{model_name: NEST_CTC, n_channels: 6, vocab_size: 11, spatial_cnn: {type: DeepConvNet, "
      "n_channels: 6, n_filters: 25}, temporal_encoder: {type: Transformer, input_dim: 100, "
      "d_model: 16, nhead: 4, num_layers: 1, dim_feedforward: 32}, decoder: {input_dim: 16, "
      "vocab_size: 11}}");
}

TEST_P(EveryFamily, a_dense_batch_of_any_length_equals_its_items_alone) {
  constexpr std::int64_t kItems = 3;
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(GetParam(), precision);
    NativeExecutor executor(prepared);
    const graph::Graph& encoder = prepared->model().graph("encoder");
    for (const std::int64_t length : {187, 188, 250, 333, 400}) {
      const TensorMap inputs = random_inputs(encoder, {{"B", kItems}, {"T", length}});
      const Tensor& x = inputs.at("eeg_data");
      const Tensor all = executor.run("encoder", inputs).at("encoder_output");
      const std::size_t each = x.data<float>().size() / kItems;
      const std::size_t frames = all.data<float>().size() / kItems;
      ASSERT_GT(frames, 0u);
      for (std::size_t b = 0; b < kItems; ++b) {
        const Tensor item =
            Tensor::from<float>({1, x.dim(1), length}, x.data<float>().subspan(b * each, each));
        const Tensor alone = executor.run("encoder", {{"eeg_data", item}}).at("encoder_output");
        const auto row = all.data<float>().subspan(b * frames, frames);
        EXPECT_TRUE(std::equal(row.begin(), row.end(), alone.data<float>().begin(),
                               alone.data<float>().end()))
            << precision << ", " << length << " samples, item " << b;
      }
    }
  }
}

TEST_P(EveryFamily, running_again_gives_the_same_bits) {
  const auto prepared = prepare(GetParam(), "int8");
  EXPECT_EQ(encode_runs(prepared, 1), encode_runs(prepared, 4));
}

TEST_P(EveryFamily, a_padded_batch_equals_its_items_alone) {
  for (const char* precision : kPrecisions) {
    NativeExecutor executor(prepare(GetParam(), precision));
    const std::int64_t lengths[] = {400, 330, 400};
    Tensor x = Tensor::from<float>({3, 6, 400}, random_floats(3 * 6 * 400, 8));
    const Tensor given = Tensor::from<std::int64_t>({3}, std::span<const std::int64_t>(lengths));
    const Tensor all =
        executor.run("encoder", {{"eeg_data", x}, {"lengths", given}}).at("encoder_output");
    for (std::int64_t b = 0; b < 3; ++b) {
      Tensor item(DType::kF32, {1, 6, lengths[b]});
      for (std::int64_t c = 0; c < 6; ++c)
        for (std::int64_t t = 0; t < lengths[b]; ++t)
          item.mutable_data<float>()[static_cast<std::size_t>(c * lengths[b] + t)] =
              x.data<float>()[static_cast<std::size_t>((b * 6 + c) * 400 + t)];
      const Tensor alone = executor.run("encoder", {{"eeg_data", item}}).at("encoder_output");
      const auto row =
          all.data<float>().subspan(static_cast<std::size_t>(b * all.dim(1) * all.dim(2)),
                                    static_cast<std::size_t>(all.dim(1) * all.dim(2)));
      const auto own = alone.data<float>();
      EXPECT_TRUE(std::equal(own.begin(), own.end(), row.begin())) << precision << " item " << b;
      for (std::size_t i = own.size(); i < row.size(); ++i) ASSERT_EQ(row[i], 0.0f);
    }
  }
}

TEST_P(EveryFamily, a_saved_model_gives_the_same_bits_without_its_float_weights) {
  const auto path =
      test::process_temp_dir() / fmt::format("nest_prepared_{}_{}", GetParam().name, ::getpid());
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(GetParam(), precision);
    prepared->save(path);
    const auto opened = PreparedModel::open(path);
    EXPECT_TRUE(opened->model().weights.empty());
    EXPECT_EQ(encode_runs(opened), encode_runs(prepared)) << precision;
  }
  std::filesystem::remove(path);
}

TEST(Session, constant_inputs_are_used_again_and_refreshed) {
  const auto prepared = prepare(kFamilies[1], "fp32");
  const graph::Bindings bindings{{"B", 2}, {"T", 7}};
  Session plain(prepared, "decoder_step", bindings);
  Session constant(prepared, {.graph = "decoder_step",
                              .bindings = bindings,
                              .present = {},
                              .constant = {"encoder_output"},
                              .machine = nullptr});
  for (int utterance = 0; utterance < 3; ++utterance) {
    const auto memory =
        random_floats(plain.input("encoder_output").size(), static_cast<std::uint64_t>(utterance));
    for (Session* session : {&plain, &constant}) {
      std::copy(memory.begin(), memory.end(), session->input("encoder_output").begin());
      session->refresh();
      session->reset();
    }
    for (std::int64_t step = 0; step < 4; ++step) {
      for (Session* session : {&plain, &constant}) {
        for (std::int64_t& token : session->input_i64("token")) token = step + 1;
        session->run();
        session->advance();
      }
      const auto a = plain.output("logits"), b = constant.output("logits");
      EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin()));
    }
  }
}

TEST_P(EveryFamily, fixed_inputs_give_the_bits_of_a_plain_run) {
  const char* graph = GetParam().name == std::string("gru_attention") ? "decoder_step" : "encoder";
  for (const char* precision : kPrecisions) {
    const auto prepared = prepare(GetParam(), precision);
    NativeExecutor executor(prepared);
    NativeExecutor plain(prepared);
    const graph::Graph& step = prepared->model().graph(graph);
    const std::string memory = step.inputs[step.name == "encoder" ? 0 : 1].name;
    TensorMap first = random_inputs(step, {{"B", 2}, {"T", 200}});
    TensorMap second = first;
    for (float& value : (second[memory] = first.at(memory).clone()).mutable_data<float>())
      value *= 2;
    const auto a = executor.bind(graph, {{memory, first.at(memory)}});
    const auto b = executor.bind(graph, {{memory, second.at(memory)}});
    TensorMap rest = first;
    rest.erase(memory);
    for (int round = 0; round < 2; ++round) {  // in turns, twice: neither sees the other's memory
      for (const auto& [bound, inputs] :
           {std::pair{a.get(), &first}, {a.get(), &first}, {b.get(), &second}}) {
        const TensorMap want = plain.run(graph, *inputs);
        for (const auto& [port, tensor] : bound->run(rest)) {
          const auto x = tensor.data<float>(), y = want.at(port).data<float>();
          EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin(), y.end()))
              << precision << " " << port;
        }
      }
    }
  }
}

TEST(Session, rows_of_state_follow_the_beam) {
  const auto prepared = prepare(kFamilies[1], "fp32");
  Session session(prepared, "decoder_step", {{"B", 3}, {"T", 5}});
  const auto memory = random_floats(session.input("encoder_output").size(), 2);
  std::copy(memory.begin(), memory.end(), session.input("encoder_output").begin());
  for (std::size_t b = 0; b < 3; ++b) session.input_i64("token")[b] = static_cast<std::int64_t>(b);
  session.run();
  const int rows[] = {2, 0, 0};
  session.advance(rows);
  const auto from = session.output("h_n"), to = std::span<const float>(session.input("h"));
  const std::size_t hidden = 12, layers = from.size() / (3 * hidden);
  for (std::size_t l = 0; l < layers; ++l)
    for (std::size_t b = 0; b < 3; ++b)
      for (std::size_t i = 0; i < hidden; ++i)
        EXPECT_EQ(to[(l * 3 + b) * hidden + i],
                  from[(l * 3 + static_cast<std::size_t>(rows[b])) * hidden + i]);
}

TEST(Session, a_token_outside_the_vocabulary_is_named) {
  const auto prepared = prepare(kFamilies[1], "fp32");
  Session session(prepared, "decoder_step", {{"B", 1}, {"T", 5}});
  session.input_i64("token")[0] = 11;
  EXPECT_ANY_THROW(session.check_inputs());
  session.input_i64("token")[0] = 10;
  EXPECT_NO_THROW(session.check_inputs());
}

}  // namespace
}  // namespace nest::runtime
