// Models that PyTorch itself exported.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "nest/core/error.h"
#include "nest/export/onnx_importer.h"
#include "nest/io/npy.h"
#include "nest/runtime/executor.h"
#include "tests/support/largest_difference.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::exports {
namespace {

/// Exit code of the script that makes the models.
int make_models(const std::string& folder) {
  const char* python = std::getenv("NEST_TORCH_PYTHON");
  const auto script = test::tests_dir() / "export/torch_models.py";
  const std::string command = fmt::format(
      "{} {} {} > /dev/null", python != nullptr ? python : "python3", script.string(), folder);
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(TorchImport, what_pytorch_exports_gives_what_pytorch_gives) {
  constexpr int kNotInstalled = 3, kNoPython = 127;
  const int installed = make_models("");
  if (installed == kNotInstalled || installed == kNoPython)  // Debian has no onnxscript
    GTEST_SKIP() << "needs python3 (or NEST_TORCH_PYTHON) with torch, onnx and onnxscript";
  ASSERT_EQ(installed, 0);
  const test::TempDir dir;
  ASSERT_EQ(make_models(dir.path().string()), 0);
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    if (!std::filesystem::exists(entry.path() / "model.onnx")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    graph::Model model;
    try {
      model = import_onnx(entry.path() / "model.onnx");
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
      continue;
    }
    ++models;
    runtime::NativeExecutor executor(runtime::prepare(model));
    for (const char* run : {"0", "1"}) {
      const auto folder = entry.path() / run;
      if (!std::filesystem::exists(folder)) continue;  // PyTorch fixed a length
      const TensorMap got = executor.run("block", {{"x", io::read_npy(folder / "in_x.npy")}});
      const Tensor want = io::read_npy(folder / "out_y.npy");
      ASSERT_EQ(got.at("y").shape(), want.shape());
      EXPECT_LE(test::largest_difference({{"y", got.at("y")}}, {{"y", want}}), 2e-5);
    }
  }
  EXPECT_GE(models, 20) << "of ten models in three forms each";
}

}  // namespace
}  // namespace nest::exports
