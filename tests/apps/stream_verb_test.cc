// nest stream on a recording made by nest synth, with a small model of random weights.
#include <array>
#include <cmath>
#include <sstream>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/deploy/model_file.h"
#include "nest/graph/factory.h"
#include "nest/text/character_tokenizer.h"
#include "tests/support/command.h"
#include "tests/support/running.h"

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

TEST_F(StreamVerb, events_are_json_lines_with_what_is_new) {
  const auto result = nest(arguments() + "--json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::istringstream lines(result.out);
  std::string committed;
  Json last;
  int events = 0, segments = 0;
  for (std::string line; std::getline(lines, line);) {
    last = parse_json(line, "line");
    if (last.contains("summary") || last["event"] == "quality") continue;
    committed += last["committed"].get<std::string>();
    if (last["event"] == "segment") {
      ++segments;
      committed += "\n";
      EXPECT_FALSE(last["tokens"].empty());
      EXPECT_GT(last["tokens"][0]["latency"]["model_ms"].get<double>(), 0);
      continue;
    }
    EXPECT_EQ(last["event"], "partial");
    EXPECT_GE(last["latency_ms"].get<double>(), 0);
    ++events;
  }
  ASSERT_TRUE(last.contains("summary")) << result.out;
  EXPECT_EQ(last["summary"]["text"], committed);
  EXPECT_FALSE(committed.empty());
  EXPECT_GE(segments, 1);
  EXPECT_EQ(last["summary"]["latency_is"], "computing alone");
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

/// `seconds` of the model's four channels, in volts, as frames behind their header.
std::string wire(double seconds, const std::string& unit = "V") {
  std::string bytes =
      R"({"rate_hz": 128, "channels": ["O1", "Fp1", "Cz", "Pz"], "unit": ")" + unit + "\"}\n";
  Rng rng(7);
  for (int t = 0; t < static_cast<int>(seconds * 128); ++t) {
    std::array<float, 4> frame{};
    for (float& value : frame) value = static_cast<float>(2e-5 * rng.normal());
    if (t == 50) frame[2] = NAN;
    if (t > 200) frame[1] = 1e-5F;
    bytes.append(reinterpret_cast<const char*>(frame.data()), sizeof frame);
  }
  return bytes;
}

class LiveStreamVerb : public StreamVerb {
 protected:
  /// A stream of standard input, where `input` already waits, that stalls after `timeout` seconds
  /// without data.
  test::Running stream(const std::string& input, const std::string& timeout = "60",
                       const std::string& format = "--no-json") const {
    return test::Running(
        NEST_BINARY,
        {"stream", "--model", (dir_ / "m.pt").string(), "--source", "stdin", "--window", "2",
         "--hop", "0.5", "--lookahead", "0.5", "--timeout", timeout, format},
        input);
  }
};

TEST_F(LiveStreamVerb, text_is_printed_as_it_is_committed_and_on_an_interrupt) {
  test::Running running = stream(wire(8));
  std::string text = running.read_some();  // comes although the stream goes on
  EXPECT_FALSE(text.empty());
  running.interrupt();
  text += running.read_all();
  EXPECT_EQ(running.wait(), 0) << running.errors();
  EXPECT_EQ(text.back(), '\n');
}

TEST_F(LiveStreamVerb, a_stall_and_a_broken_frame_end_with_the_text_so_far_and_their_error) {
  test::Running whole = stream(wire(8));
  whole.end_input();
  const std::string text = whole.read_all();
  EXPECT_EQ(whole.wait(), 0) << whole.errors();
  EXPECT_GT(text.size(), 1u);

  test::Running stalled = stream(wire(8), "0.3");
  EXPECT_EQ(stalled.read_all(), text);
  EXPECT_EQ(stalled.wait(), 3);
  EXPECT_NE(stalled.errors().find("no data for"), std::string::npos) << stalled.errors();

  test::Running broken = stream(wire(8) + "abc");
  broken.end_input();
  EXPECT_EQ(broken.read_all(), text);
  EXPECT_EQ(broken.wait(), 3);
  EXPECT_NE(broken.errors().find("inside a frame"), std::string::npos) << broken.errors();
}

TEST_F(LiveStreamVerb, the_summary_names_bad_channels_and_an_implausible_unit_is_warned_of) {
  test::Running running = stream(wire(12));
  running.end_input();
  running.read_all();
  EXPECT_EQ(running.wait(), 0);
  const std::string errors = running.errors();
  EXPECT_NE(errors.find("Cz: 1 values NaN"), std::string::npos) << errors;
  EXPECT_NE(errors.find("Fp1: flat for 10.4 s"), std::string::npos) << errors;
  EXPECT_EQ(errors.find("amplitude"), std::string::npos) << errors;

  test::Running wrong = stream(wire(12, "uV"), "60", "--json");
  wrong.end_input();
  const std::string lines = wrong.read_all();
  EXPECT_EQ(wrong.wait(), 0);
  EXPECT_NE(wrong.errors().find("look like V and are taken for uV"), std::string::npos)
      << wrong.errors();
  EXPECT_EQ(wrong.errors().find("amplitude"), wrong.errors().rfind("amplitude"));  // once
  const std::size_t last = lines.rfind('\n', lines.size() - 2);
  const Json bad = parse_json(lines.substr(last + 1), "summary")["summary"]["bad_channels"];
  ASSERT_EQ(bad.size(), 2u);
  EXPECT_EQ(bad[0]["name"], "Fp1");
  EXPECT_EQ(bad[1]["non_finite"], 1);
}

TEST_F(LiveStreamVerb, a_contract_that_is_not_met_prints_nothing_but_its_error) {
  test::Running running = stream(
      "{\"rate_hz\": 100, \"channels\": [\"O1\", \"Fp1\", \"Cz\", \"Pz\"], \"unit\": \"V\"}\n");
  running.end_input();
  EXPECT_EQ(running.read_all(), "");
  EXPECT_EQ(running.wait(), 3);
  EXPECT_NE(running.errors().find("set --resample"), std::string::npos) << running.errors();
}

}  // namespace
}  // namespace nest
