// A dataset folder as a model sees it.
#include "nest/eval/eval_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "nest/eval/audit.h"
#include "nest/io/npy.h"
#include "tests/support/temp_dir.h"

namespace nest::eval {
namespace {

TEST(EvalSet, references_are_spelled_as_the_model_learned_its_texts) {
  const test::TempDir folder;
  data::DatasetInfo info;
  info.signal.rate_hz = 100;
  info.signal.num_channels = 1;
  std::vector<data::Utterance> utterances(2);
  for (std::size_t i = 0; i < 2; ++i) {
    utterances[i].id = i == 0 ? "a" : "b";
    utterances[i].signal = utterances[i].id + ".npy";
    utterances[i].text = "The cat sat.";
    utterances[i].split = i == 0 ? "train" : "test";
    io::write_npy(folder / utterances[i].signal, Tensor(DType::kF32, {1, 10}));
  }
  data::Dataset(folder.path(), info, utterances).write(folder.path());
  graph::Model model;
  const std::string path = folder.path().string();
  EXPECT_EQ(open_eval_set(path, {}, model).utterances[0].text, "The cat sat.");
  model.vocabulary.text_rule = {{"case", "lower"}, {"punctuation", false}};
  EXPECT_EQ(open_eval_set(path, {}, model).utterances[0].text, "the cat sat");
  for (const auto& utterance : open_audit_inputs(path, {}, model, nullptr).utterances) {
    EXPECT_EQ(utterance.text, "the cat sat");
  }
}

}  // namespace
}  // namespace nest::eval
