// nest stream on a recording made by nest synth, with a small model of random weights.
#include <sstream>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/text/character_tokenizer.h"
#include "tests/support/command.h"

namespace nest {
namespace {

constexpr const char* kBody =
    "spatial_cnn: {type: EEGNet, n_channels: 4, sampling_rate: 128, n_pointwise_filters: 8}\n"
    "temporal_encoder: {type: LSTM, hidden_dim: 8, num_layers: 1, dropout: 0.0}\n";

void save_model(const std::filesystem::path& path, const std::string& key,
                const std::string& decoder, double rate_hz,
                const std::string& normalization = "zscore") {
  graph::Model model = graph::build_model(key, Config::parse(kBody + decoder));
  Rng rng(5);
  graph::initialize_weights(model, rng);
  model.signal.rate_hz = rate_hz;
  model.signal.channels = {"O1", "Fp1", "Cz",
                           "Pz"};  // not the recording's order, and not all of it
  model.signal.unit = "uV";
  model.signal.bandpass_hz = {1, 20};
  model.signal.normalization = from_name<graph::Normalization>(normalization);
  const std::vector<std::string> texts = {"ab cd"};
  model.vocabulary.tokenizer = text::CharacterTokenizer::train(texts, {})->to_json();
  deploy::save_model(model, path);
}

class StreamVerb : public testing::Test {
 protected:
  void SetUp() override {
    const auto made =
        nest("synth --recording " + recording() + " --recording-sentences 1 --rate 128 --seed 3");
    ASSERT_EQ(made.exit_code, 0) << made.err;
    save_model(dir_ / "m.pt", "nest_ctc", "decoder: {vocab_size: 9}\n", 128);
  }
  static test::CommandResult nest(const std::string& arguments) {
    return test::run_nest(NEST_BINARY, arguments, 16'000'000);
  }
  std::string recording() const { return (dir_ / "r.edf").string(); }
  std::string arguments(const std::string& model = "m.pt") const {
    return "stream --model " + (dir_ / model).string() + " --source file:" + recording() +
           " --window 2 --hop 0.5 --lookahead 0.5 ";
  }
  test::TempDir dir_;
};

TEST_F(StreamVerb, events_are_json_lines_whose_committed_text_only_grows) {
  const auto result = nest(arguments() + "--json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::istringstream lines(result.out);
  std::string committed;
  Json last;
  int events = 0;
  for (std::string line; std::getline(lines, line);) {
    last = parse_json(line, "line");
    if (last.contains("summary")) continue;
    const std::string text = last["committed"];
    EXPECT_TRUE(text.starts_with(committed)) << text;
    committed = text;
    EXPECT_GE(last["latency_ms"].get<double>(), 0);
    ++events;
  }
  ASSERT_TRUE(last.contains("summary")) << result.out;
  EXPECT_EQ(last["summary"]["text"], committed);
  EXPECT_FALSE(committed.empty());
  EXPECT_GE(events, static_cast<int>((last["summary"]["signal_s"].get<double>() - 2) / 0.5));
}

TEST_F(StreamVerb, text_does_not_depend_on_the_size_of_deliveries) {
  const auto whole = nest(arguments());
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_GT(whole.out.size(), 1u);
  for (const char* chunk : {"1", "7", "1000"}) {
    EXPECT_EQ(nest(arguments() + "--chunk " + chunk).out, whole.out) << chunk;
  }
}

TEST_F(StreamVerb, a_causal_model_streams_incrementally_with_one_text_for_any_delivery) {
  save_model(dir_ / "causal.pt", "nest_ctc", "causal: true\ndecoder: {vocab_size: 9}\n", 128,
             "running");
  const std::string stream = "stream --model " + (dir_ / "causal.pt").string() +
                             " --source file:" + recording() + " --mode incremental ";
  const auto whole = nest(stream + "--json");
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_NE(whole.out.find("incremental"), std::string::npos) << whole.out;
  const auto text = nest(stream);
  EXPECT_GT(text.out.size(), 1u);
  for (const char* chunk : {"1", "7", "1000"}) {
    EXPECT_EQ(nest(stream + "--chunk " + chunk).out, text.out) << chunk;
  }
  EXPECT_EQ(nest(arguments("causal.pt") + "--mode windowed").exit_code, 0);
}

TEST_F(StreamVerb, a_model_that_looks_ahead_has_no_incremental_form) {
  const auto result = nest("stream --model " + (dir_ / "m.pt").string() +
                           " --source file:" + recording() + " --mode incremental");
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("looks"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("causal: true"), std::string::npos) << result.err;
}

TEST_F(StreamVerb, a_prepared_model_gives_the_text_of_its_original) {
  const std::string prepared = (dir_ / "m.prepared").string();
  const auto made =
      nest("convert " + (dir_ / "m.pt").string() + " " + prepared + " --precision int8");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto original = nest(arguments() + "--precision int8");
  EXPECT_GT(original.out.size(), 1u);
  EXPECT_EQ(nest(arguments("m.prepared")).out, original.out);
  for (const char* other : {"--precision bf16", "--precision fp32", "--no-sparse"})
    EXPECT_EQ(nest(arguments("m.prepared") + other).exit_code, 2) << other;
  const auto shown = nest("inspect --json " + prepared);
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_EQ(parse_json(shown.out, "inspect").at("quantization").at("precision"), "int8");
}

TEST_F(StreamVerb, duration_stops_after_that_much_signal) {
  const auto result = nest(arguments() + "--duration 3 --chunk 64 --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::size_t last = result.out.rfind('\n', result.out.size() - 2);
  EXPECT_EQ(parse_json(result.out.substr(last + 1), "summary")["summary"]["signal_s"], 3.0);
  EXPECT_EQ(nest(arguments() + "--duration -1").exit_code, 2);
}

TEST_F(StreamVerb, a_recording_that_breaks_the_contract_gives_exit_code_3) {
  save_model(dir_ / "fast.pt", "nest_ctc", "decoder: {vocab_size: 9}\n", 256);
  const auto result = nest(arguments("fast.pt"));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("256"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("128"), std::string::npos) << result.err;
}

TEST_F(StreamVerb, an_attention_model_is_refused) {
  save_model(dir_ / "attention.pt", "nest_attention",
             "decoder: {vocab_size: 9, embedding_dim: 4, hidden_dim: 8, dropout: 0.0}\n", 128);
  const auto result = nest(arguments("attention.pt"));
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.err.find("attention"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace nest
