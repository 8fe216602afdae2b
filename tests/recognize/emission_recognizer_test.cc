#include "nest/recognize/emission_recognizer.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "tests/runtime/families.h"

namespace nest::recognize {
namespace {

graph::Model model_of(const runtime::Family& family) {
  graph::Model model = runtime::make_model(family);
  model.signal.rate_hz = 64;
  model.signal.num_channels = 6;
  return model;
}

std::vector<Tensor> signals() {
  Rng rng(5);
  std::vector<Tensor> all;
  for (const std::int64_t samples : {200, 320, 200}) {
    Tensor signal(DType::kF32, {6, samples});
    for (float& value : signal.mutable_data<float>()) value = static_cast<float>(rng.normal());
    all.push_back(std::move(signal));
  }
  return all;
}

class EveryEmissionRecognizer : public testing::TestWithParam<runtime::Family> {};

TEST_P(EveryEmissionRecognizer, says_what_a_recognizer_says) {
  const Bundle bundle = make_bundle(make_runnable(model_of(GetParam())));
  for (const int beam_size : {1, 4}) {
    RecognizeOptions options;
    options.decode.beam_size = beam_size;
    EmissionRecognizer recognizer(bundle, options);
    const std::vector<Tensor> all = signals();
    const auto results = recognizer.recognize(all);
    const auto wanted = make_recognizer(bundle, options)->recognize(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(results[i].recognition.tokens, wanted[i].tokens);
      EXPECT_EQ(results[i].recognition.text, wanted[i].text);
      const auto alone = recognizer.recognize(std::span(&all[i], 1), false);
      EXPECT_TRUE(bit_equal(alone[0].emissions, results[i].emissions)) << i;
      EXPECT_TRUE(alone[0].recognition.nbest.empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, EveryEmissionRecognizer, testing::ValuesIn(runtime::kFamilies),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(EmissionRecognizer, of_no_signal_has_no_result) {
  EmissionRecognizer recognizer(make_bundle(make_runnable(model_of(runtime::kFamilies[0]))));
  EXPECT_TRUE(recognizer.recognize({}).empty());
}

}  // namespace
}  // namespace nest::recognize
