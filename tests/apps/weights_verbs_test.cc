// inspect, convert, run and doctor, through the real binary.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/isa.h"
#include "nest/core/json.h"
#include "nest/io/checkpoint.h"
#include "nest/io/npy.h"
#include "tests/apps/binary.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

const std::filesystem::path kGolden = test::tests_dir() / "golden/weights";

using test::nest;

TEST(InspectVerb, every_bad_weights_file_gives_exit_code_3_and_one_reason) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden / "bad")) {
    const test::CommandResult result = nest("inspect " + entry.path().string());
    EXPECT_EQ(result.exit_code, 3) << entry.path() << result.out << result.err;
    EXPECT_NE(result.err.find(entry.path().filename().string()), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
    ++count;
  }
  EXPECT_GE(count, 40);
  EXPECT_FALSE(std::filesystem::exists("/tmp/nest-was-executed"));
}

TEST(InspectVerb, a_checkpoint_shows_config_and_tensors) {
  const test::CommandResult result = nest("inspect --json " + (kGolden / "protocol4.pt").string());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = parse_json(result.out, "report");
  EXPECT_EQ(report["kind"], "checkpoint");
  EXPECT_EQ(report["config"]["spatial_cnn"]["n_channels"], 8);
  EXPECT_EQ(report["tensors"].size(), 18u);
}

TEST(InspectVerb, an_array_shows_type_shape_and_range) {
  const test::TempDir dir;
  io::write_npy(dir / "a.npy", Tensor::from<float>({2, 2}, {1.0f, -2.0f, 3.0f, 0.0f}));
  const test::CommandResult result = nest("inspect --json " + (dir / "a.npy").string());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = parse_json(result.out, "report");
  EXPECT_EQ(report["shape"], Json({2, 2}));
  EXPECT_EQ(report["min"], -2.0);
}

TEST(InspectVerb, unknown_and_missing_files_give_exit_code_3) {
  const test::TempDir dir;
  write_text_file(dir / "a.xyz", "what is this");
  EXPECT_EQ(nest("inspect " + (dir / "a.xyz").string()).exit_code, 3);
  EXPECT_EQ(nest("inspect " + (dir / "missing.pt").string()).exit_code, 3);
  EXPECT_EQ(nest("inspect").exit_code, 2);
}

TEST(ConvertVerb, pt_to_safetensors_to_pt_keeps_every_tensor) {
  const test::TempDir dir;
  const std::string first = (kGolden / "protocol2.pt").string();
  const std::string middle = (dir / "m.safetensors").string();
  const std::string last = (dir / "m.pt").string();
  ASSERT_EQ(nest("convert " + first + " " + middle).exit_code, 0);
  ASSERT_EQ(nest("convert " + middle + " " + last).exit_code, 0);
  const io::Checkpoint a = io::read_checkpoint(first), b = io::read_checkpoint(last);
  ASSERT_EQ(a.state_dict.size(), b.state_dict.size());
  for (const auto& [name, tensor] : a.state_dict) {
    EXPECT_TRUE(bit_equal(b.state_dict.at(name), tensor)) << name;
  }
  EXPECT_EQ(a.model_config, b.model_config);
  EXPECT_EQ(nest("convert " + first + " " + (dir / "m.xyz").string()).exit_code, 2);
}

TEST(RunVerb, a_malformed_input_argument_is_a_usage_error) {
  EXPECT_EQ(nest("run --model m.pt --input eeg.npy --output out").exit_code, 2);
  EXPECT_EQ(nest("run --model m.pt").exit_code, 2);
}

TEST(DoctorVerb, names_processor_cores_and_instruction_sets) {
  const test::CommandResult result = nest("doctor --json");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json report = parse_json(result.out, "report");
  EXPECT_GE(report["cores"].get<int>(), 1);
  EXPECT_FALSE(report["isa"].empty());
}

TEST(DoctorVerb, shows_that_openblas_takes_the_kernels_of_this_processor_unless_told) {
  const auto blas_kernels = [] {
    const Json report = parse_json(nest("doctor --json").out, "report");
    return report["torch"].is_object() ? report["torch"].value("blas_kernels", "") : "";
  };
  ::unsetenv("OPENBLAS_CORETYPE");
  const std::string found = blas_kernels();
  const auto isas = isa_available();
  // PyTorch's own LibTorch multiplies with MKL, sanitizers and the edge build none, and without
  // AVX2 OpenBLAS's own choice stands: there is nothing to name.
  if (found.empty() || std::ranges::count(isas, Isa::kAvx2) == 0)
    GTEST_SKIP() << "no LibTorch with OpenBLAS here, or a processor without AVX2";
  EXPECT_EQ(found, std::ranges::count(isas, Isa::kAvx512) > 0 ? "SkylakeX" : "Haswell");
  ::setenv("OPENBLAS_CORETYPE", "Haswell", 1);
  EXPECT_EQ(blas_kernels(), "Haswell");
  ::unsetenv("OPENBLAS_CORETYPE");
}

}  // namespace
}  // namespace nest
