#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/eval/eval_set.h"
#include "nest/eval/split_audit.h"
#include "nest/io/npy.h"
#include "tests/support/temp_dir.h"

namespace nest::eval {
namespace {

/// Two training and two test recordings of other size and offset.
class NormalizationAuditTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        test::process_temp_dir() / testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
    data::DatasetInfo info;
    info.name = "two";
    info.signal.rate_hz = 100;
    info.signal.num_channels = 2;
    info.signal.channels = {"Cz", "Pz"};
    std::vector<data::Utterance> utterances;
    for (int i = 0; i < 4; ++i) {
      const bool test = i >= 2;
      data::Utterance u;
      u.id = "u" + std::to_string(i);
      u.signal = u.id + ".npy";
      u.text = "word " + std::to_string(i);
      u.subject = "s1";
      u.split = test ? "test" : "train";
      utterances.push_back(u);
      Tensor signal(DType::kF32, {2, 300});
      Rng rng(static_cast<std::uint64_t>(i));
      for (float& value : signal.mutable_data<float>()) {
        value = static_cast<float>(rng.normal(test ? 3 : 1, test ? 5 : 2));
      }
      io::write_npy(folder_ / u.signal, signal);
    }
    data::Dataset(folder_, info, utterances).write(folder_);
  }

  NormalizationAudit audit_after(const std::string& fitted_on) const {
    data::Dataset dataset = data::Dataset::open(folder_);
    std::vector<data::Utterance> utterances = dataset.utterances();
    for (auto& u : utterances) {
      if (fitted_on == "both" || u.split == fitted_on) u.split = "fit";
    }
    data::Dataset fitted(folder_, dataset.info(), utterances);
    fitted.fit_normalization("fit");
    return audit_normalization(dataset, fitted.info().signal, {});
  }
  std::filesystem::path folder_;
};

TEST_F(NormalizationAuditTest, fitted_on_training_data_passes) {
  const NormalizationAudit audit = audit_after("train");
  EXPECT_TRUE(audit.passed()) << to_json(audit).dump(2);
  EXPECT_LT(audit.distance.value().train, 1e-6);
}

TEST_F(NormalizationAuditTest, fitted_on_test_data_is_caught_without_any_record) {
  for (const char* split : {"test", "both"}) {
    const NormalizationAudit audit = audit_after(split);
    EXPECT_FALSE(audit.passed()) << split;
    EXPECT_EQ(audit.problems.size(), 1u);
  }
}

TEST_F(NormalizationAuditTest, statistics_of_other_data_are_no_leak) {
  const data::Dataset dataset = data::Dataset::open(folder_);
  graph::SignalContract contract = dataset.info().signal;
  contract.normalization = graph::Normalization::kFixed;
  contract.mean = {-3, -3};  // nearer to the test split by chance, but not near
  contract.stddev = {2, 2};
  EXPECT_TRUE(audit_normalization(dataset, contract, {}).passed());
}

TEST_F(NormalizationAuditTest, an_eval_set_uses_the_contract_of_the_model) {
  graph::SignalContract contract;
  contract.rate_hz = 100;
  contract.channels = {"Cz", "Pz"};
  contract.num_channels = 2;
  contract.normalization = graph::Normalization::kFixed;
  contract.mean = {1, 2};
  contract.stddev = {2, 4};
  const EvalSet set = open_eval_set(folder_.string(), {}, contract);
  EXPECT_EQ(set.utterances.size(), 2u);
  const Tensor raw = open_eval_set(folder_.string(), {}).load(0);
  const Tensor used = set.load(0);
  EXPECT_NEAR(used.data<float>()[0], (raw.data<float>()[0] - 1) / 2, 1e-5);
  EXPECT_NEAR(used.data<float>()[300], (raw.data<float>()[300] - 2) / 4, 1e-5);
  contract.rate_hz = 250;
  EXPECT_THROW(open_eval_set(folder_.string(), {}, contract), Error);
}

TEST_F(NormalizationAuditTest, a_missing_file_is_a_failure_of_its_utterance) {
  std::filesystem::remove(folder_ / "u3.npy");
  const EvalSet set = open_eval_set(folder_.string(), {});
  EXPECT_EQ(set.utterances.size(), 1u);
  ASSERT_EQ(set.failures.size(), 1u);
  EXPECT_EQ(set.failures[0].id, "u3");
  EXPECT_EQ(set.failures[0].kind, data::ProblemKind::kMissingFile);
  EvalSetOptions train;
  train.split = "train";
  EXPECT_TRUE(open_eval_set(folder_.string(), train).failures.empty());
}

}  // namespace
}  // namespace nest::eval
