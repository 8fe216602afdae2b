// Full models of the shared parity vectors through `nest run`.
#include <cmath>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "nest/io/npy.h"
#include "tests/apps/binary.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

class RunParity : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

void expect_close(const Tensor& got, const Tensor& want, const std::string& name) {
  ASSERT_EQ(got.shape(), want.shape()) << name;
  const auto a = got.data<float>(), b = want.data<float>();
  for (std::size_t i = 0; i < b.size(); ++i) {
    ASSERT_LE(std::abs(a[i] - b[i]), 1e-5f + 1e-5f * std::abs(b[i])) << name << " at " << i;
  }
}

TEST_P(RunParity, outputs_agree_with_the_reference_within_its_tolerance) {
  const auto [model, executor] = GetParam();
  const std::filesystem::path folder = test::parity_folder(model);
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const test::TempDir dir;
  std::string inputs;
  for (const char* name : {"eeg_data", "target_labels"}) {
    const auto file = folder / (std::string("base.in.") + name + ".npy");
    if (std::filesystem::exists(file))
      inputs += std::string(" --input ") + name + "=" + file.string();
  }
  const test::CommandResult result =
      test::run_nest(NEST_BINARY,
                     "run --model " + (folder / (std::string(model) + ".pt")).string() + inputs +
                         " --executor " + executor + " --output " + dir.path().string(),
                     16'000'000);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with("base.out.")) continue;
    const std::string name = file.substr(9);
    expect_close(io::read_npy(dir / name), io::read_npy(entry.path()), name);
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

TEST(RunVerb, a_signal_without_a_batch_axis_is_a_batch_of_one) {
  const test::TempDir dir;
  Tensor signal(DType::kF32, {1, 19, 300});
  for (std::size_t i = 0; i < 19 * 300; ++i) {
    signal.mutable_data<float>()[i] = static_cast<float>(i % 83) / 40 - 1;
  }
  io::write_npy(dir / "batch.npy", signal);
  io::write_npy(dir / "one.npy", signal.reshaped({19, 300}));
  const auto model = test::tests_dir().parent_path() / "models" / "synth_ctc.pt";
  for (const std::string name : {"batch", "one"}) {
    const test::CommandResult result =
        test::run_nest(NEST_BINARY,
                       "run --graph encoder --model " + model.string() +
                           " --input eeg_data=" + (dir / (name + ".npy")).string() + " --output " +
                           (dir.path() / name).string(),
                       16'000'000);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_TRUE(bit_equal(io::read_npy(dir.path() / "batch" / "encoder_output.npy"),
                        io::read_npy(dir.path() / "one" / "encoder_output.npy")));
}

INSTANTIATE_TEST_SUITE_P(Shared, RunParity,
                         testing::Combine(testing::Values("nest_ctc", "nest_ctc_conformer",
                                                          "nest_rnn_t", "nest_transformer_t",
                                                          "nest_attention"),
                                          testing::ValuesIn(test::kExecutors)));

}  // namespace
}  // namespace nest
