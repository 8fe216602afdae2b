#include "nest/eval/recording_set.h"

#include <gmock/gmock.h>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/data/dataset.h"
#include "nest/eval/evaluator.h"
#include "nest/io/edf.h"
#include "nest/io/npy.h"
#include "nest/io/recording.h"
#include "nest/recognize/signal_recognizer.h"
#include "tests/recognize/toy.h"
#include "tests/support/options_laws.h"
#include "tests/support/temp_dir.h"

namespace nest::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
namespace toy = recognize::toy;

graph::SignalContract contract() {
  graph::SignalContract c;
  c.rate_hz = 64;
  c.channels = {"Oz", "Cz", "Fz"};
  c.num_channels = 3;
  c.unit = "uV";
  c.bandpass_hz = {1, 20};
  c.ref_electrode = "average";
  c.normalization = graph::Normalization::kZscore;
  return c;
}

/// Four channels of 30 s at `rate_hz`, two sentences and an instant annotated.
std::shared_ptr<const io::Recording> recording(double rate_hz = 64) {
  io::RecordingInfo info;
  info.rate_hz = rate_hz;
  for (const char* name : {"Fz", "Cz", "EOG", "Oz"}) info.channels.push_back({name, "V"});
  info.annotations = {{4, 6, "ab cd", ""}, {11, 0, "blink", ""}, {15.5, 7, "cd ab", ""}};
  Tensor samples(DType::kF64, {4, static_cast<std::int64_t>(30 * rate_hz)});
  Rng rng(9);
  double level = 0;
  for (double& value : samples.mutable_data<double>()) {
    level = 0.9 * level + rng.normal();
    value = 8e-6 * level;
  }
  return io::make_recording(info, samples);
}

class RecordingSet : public testing::Test {
 protected:
  void SetUp() override { io::write_edf(file(), *recording()); }
  std::filesystem::path file() const { return dir_ / "r.edf"; }
  static recognize::Bundle bundle() {
    graph::Model model = toy::ctc_model();
    model.signal = contract();
    return recognize::make_bundle(recognize::make_runnable(std::move(model)));
  }
  /// Texts as nest benchmark finds them.
  static std::vector<std::string> texts(const EvalSet& set) {
    const recognize::Bundle shared = bundle();
    const Results results = ModelEvaluator(recognize::RecognizerFactory(shared), {}).evaluate(set);
    EXPECT_TRUE(results.failures.empty());
    std::vector<std::string> all;
    for (const UtteranceResult& u : results.utterances) all.push_back(u.hypothesis);
    return all;
  }
  /// The same recording as a dataset, its utterances where they are annotated, and whole.
  EvalSet dataset(bool is_whole) const {
    data::DatasetInfo info;
    info.signal = contract();
    std::vector<data::Utterance> utterances;
    for (const data::SampleRange range :
         is_whole ? std::vector<data::SampleRange>{{0, -1}}
                  : std::vector<data::SampleRange>{{256, 384}, {992, 448}}) {
      data::Utterance utterance;
      utterance.id = std::to_string(utterances.size());
      utterance.signal = "r.edf";
      utterance.split = "test";
      utterance.ranges = {range};
      utterances.push_back(utterance);
    }
    data::Dataset(dir_.path(), info, utterances).write(dir_.path());
    return open_eval_set(dir_.path().string(), {}, contract());
  }
  test::TempDir dir_;
};

TEST_F(RecordingSet, is_decoded_to_the_text_of_the_same_recording_as_a_dataset) {
  const EvalSet whole = open_recording_set(file(), {}, contract());
  const EvalSet cut = open_recording_set(file(), {.cut = Cut::kAnnotations}, contract());
  ASSERT_EQ(whole.utterances.size(), 1u);
  ASSERT_EQ(cut.utterances.size(), 2u);
  EXPECT_EQ(cut.utterances[1].text, "cd ab");
  EXPECT_EQ(cut.utterances[1].extra.at("start_s"), 15.5);
  EXPECT_EQ(cut.utterances[1].extra.at("duration_s"), 7);
  const auto of_whole = texts(whole);
  EXPECT_FALSE(of_whole.front().empty());
  EXPECT_EQ(of_whole, texts(dataset(true)));
  EXPECT_EQ(texts(cut), texts(dataset(false)));
}

TEST_F(RecordingSet, is_the_text_of_its_samples_in_memory) {
  const auto opened = io::open_recording(file());
  recognize::SignalRecognizer recognizer(bundle());
  EXPECT_EQ(
      recognizer.recognize(opened->read_all(DType::kF64), contract::source_of(opened->info(), "r"))
          .text,
      texts(open_recording_set(file(), {}, contract())).front());
}

TEST_F(RecordingSet, each_stretch_without_a_gap_is_an_utterance) {
  auto original = recording();
  io::RecordingInfo info = original->info();
  info.segments = {{0, 1000, 0}, {1000, 920, 30}};
  io::write_edf(file(), *io::make_recording(info, original->read_all(DType::kF64)));
  const EvalSet set = open_recording_set(file(), {}, contract());
  ASSERT_EQ(set.utterances.size(), 2u);
  EXPECT_EQ(set.utterances[1].extra.at("start_s"), 30);
  EXPECT_EQ(texts(set).size(), 2u);
}

TEST_F(RecordingSet, an_array_needs_a_rate_and_a_unit_and_another_rate_permission) {
  io::write_npy(dir_ / "a.npy", Tensor(DType::kF32, {3, 640}));
  const auto open = [&](const RecordingSetOptions& options) {
    return open_recording_set(dir_ / "a.npy", options, contract());
  };
  EXPECT_THAT([&] { open({.unit = "uV"}); }, ThrowsMessage<Error>(HasSubstr("sampling rate")));
  EXPECT_THAT([&] { open({.rate_hz = 64}); }, ThrowsMessage<Error>(HasSubstr("states no unit")));
  EXPECT_THAT([&] { open({.rate_hz = 128, .unit = "uV"}); },
              ThrowsMessage<Error>(HasSubstr("set `resample`")));
  EXPECT_EQ(open({.rate_hz = 64, .unit = "uV"}).load(0).dim(1), 640);
  EXPECT_EQ(open({.rate_hz = 128, .unit = "uV", .resample = true}).load(0).dim(1), 320);
}

TEST_F(RecordingSet, numbers_in_another_unit_are_scaled) {
  Tensor volts = recording()->read_all(DType::kF64);
  Tensor micro = recording()->read_all(DType::kF64);
  for (double& value : micro.mutable_data<double>()) value *= 1e6;
  io::write_npy(dir_ / "volts.npy", volts);
  io::write_npy(dir_ / "micro.npy", micro);
  graph::SignalContract fixed = contract();
  fixed.channels.clear();
  fixed.num_channels = 4;
  fixed.normalization = graph::Normalization::kNone;
  const auto load = [&](const char* name, const char* unit) {
    return open_recording_set(dir_ / name, {.rate_hz = 64, .unit = unit}, fixed).load(0);
  };
  const Tensor a = load("volts.npy", "V");
  const Tensor b = load("micro.npy", "uV");
  for (std::size_t i = 0; i < a.data<float>().size(); ++i) {
    ASSERT_NEAR(a.data<float>()[i], b.data<float>()[i], 1e-3);
  }
}

TEST_F(RecordingSet, says_what_is_missing) {
  EXPECT_THAT([&] { open_recording_set(file(), {}, {}); },
              ThrowsMessage<Error>(HasSubstr("carries no signal contract")));
  io::RecordingInfo bare = recording()->info();
  bare.annotations = {{11, 0, "blink", ""}};
  io::write_edf(file(), *io::make_recording(bare, recording()->read_all(DType::kF64)));
  EXPECT_THAT([&] { open_recording_set(file(), {.cut = Cut::kAnnotations}, contract()); },
              ThrowsMessage<Error>(HasSubstr("none of 1 annotations has a text and a duration")));
}

TEST(RecordingSetOptions, survive_json_and_refuse_what_is_unknown) {
  test::expect_options_laws(RecordingSetOptions{},
                            RecordingSetOptions{Cut::kAnnotations, "EEG", 128, "uV", true});
}

}  // namespace
}  // namespace nest::eval
