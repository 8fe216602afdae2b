#include "nest/recognize/signal_recognizer.h"

#include <gmock/gmock.h>

#include "nest/contract/processor.h"
#include "nest/core/error.h"
#include "tests/recognize/toy.h"
#include "tests/support/log_capture.h"

namespace nest::recognize {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// The model of toy.h with a contract of microvolts, names, filters and the given normalisation.
Bundle bundle_with(graph::Normalization normalization) {
  graph::Model model = toy::ctc_model();
  graph::SignalContract& contract = model.signal;
  contract.channels = {"Fz", "Cz", "Oz"};
  contract.num_channels = 3;
  contract.unit = "uV";
  contract.bandpass_hz = {1, 20};
  contract.ref_electrode = "average";
  contract.normalization = normalization;
  if (normalization == graph::Normalization::kFixed) {
    contract.mean = {1, 2, 3};
    contract.stddev = {10, 12, 14};
  }
  return make_bundle(make_runnable(std::move(model)));
}

/// As an amplifier gives it: volts in another order, with a channel that the model does not know.
struct Raw {
  Tensor samples = Tensor(DType::kF64, {4, 1280});
  contract::SourceInfo source{
      .name = "cap",
      .rate_hz = 64,
      .channels = contract::named_channels({"EOG", "EEG Oz-REF", "CZ", "fz"}, "V")};

  Raw() {
    Rng rng(9);
    double level = 0;
    for (double& value : samples.mutable_data<double>()) {
      level = 0.9 * level + rng.normal();
      value = 8e-6 * level;
    }
  }
};

class EveryNormalization : public ::testing::TestWithParam<graph::Normalization> {};

TEST_P(EveryNormalization, raw_samples_give_the_text_of_the_prepared_signal) {
  const Bundle bundle = bundle_with(GetParam());
  Raw raw;
  SignalRecognizer recognizer(bundle);
  const decode::Recognition found = recognizer.recognize(raw.samples, raw.source);
  const Tensor signal = contract::prepare(raw.samples, raw.source, bundle.model().signal);
  const auto wanted = make_recognizer(bundle)->recognize({&signal, 1}).front();
  EXPECT_EQ(found.text, wanted.text);
  EXPECT_EQ(found.nbest.front().score, wanted.nbest.front().score);
  EXPECT_FALSE(found.text.empty());
  // The unit counts: the same numbers as microvolts are another signal.
  raw.source.channels = contract::named_channels({"EOG", "Oz", "Cz", "Fz"}, "uV");
  if (GetParam() == graph::Normalization::kFixed) {
    EXPECT_NE(recognizer.recognize(raw.samples, raw.source).nbest.front().score,
              found.nbest.front().score);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryNormalization,
                         ::testing::Values(graph::Normalization::kNone,
                                           graph::Normalization::kFixed,
                                           graph::Normalization::kRunning,
                                           graph::Normalization::kZscore),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(SignalRecognizer, another_rate_is_resampled_when_allowed_and_refused_otherwise) {
  const Bundle bundle = bundle_with(graph::Normalization::kZscore);
  Raw raw;
  raw.source.rate_hz = 128;
  SignalRecognizer strict(bundle);
  EXPECT_THAT([&] { strict.recognize(raw.samples, raw.source); },
              ThrowsMessage<Error>(HasSubstr("cap: 128 Hz, but the signal contract says 64 Hz")));
  const contract::MatchOptions resample{.resample = true};
  SignalRecognizer free(bundle, {}, resample);
  const Tensor signal = contract::prepare(raw.samples, raw.source, bundle.model().signal, resample);
  EXPECT_EQ(signal.dim(1), 640);
  EXPECT_EQ(free.recognize(raw.samples, raw.source).text,
            make_recognizer(bundle)->recognize({&signal, 1}).front().text);
}

TEST(SignalRecognizer, an_amplitude_that_cannot_be_meant_is_warned_of) {
  Raw raw;
  for (double& value : raw.samples.mutable_data<double>())
    value *= 1e6;  // microvolts, called volts
  SignalRecognizer recognizer(bundle_with(graph::Normalization::kFixed));
  const test::LogCapture log;
  recognizer.recognize(raw.samples, raw.source);
  EXPECT_THAT(log.text(), HasSubstr("cap: the amplitude is"));
  EXPECT_THAT(log.text(), HasSubstr("look like uV and are taken for V"));
}

TEST(SignalRecognizer, a_model_without_a_contract_is_refused_with_the_remedy) {
  graph::Model model = toy::ctc_model();
  model.signal.rate_hz = 0;
  const Bundle bundle = make_bundle(make_runnable(std::move(model)));
  EXPECT_THAT([&] { SignalRecognizer recognizer(bundle); },
              ThrowsMessage<Error>(HasSubstr("carries no signal contract")));
}

}  // namespace
}  // namespace nest::recognize
