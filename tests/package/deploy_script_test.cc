// deploy.py with onnxruntime alone does what the native runtime does.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "nest/core/file.h"
#include "nest/package/package.h"
#include "tests/package/toy_package.h"
#include "tests/support/temp_dir.h"

namespace nest::package {
namespace {

std::pair<int, std::string> python(const std::string& arguments) {
  const char* given = std::getenv("NEST_ORT_PYTHON");
  const std::string command =
      std::string(given == nullptr ? "python3" : given) + " " + arguments + " 2>&1";
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, "cannot start " + command};
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text.push_back(char(c));
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

class DeployScript : public testing::Test {
 protected:
  void SetUp() override {
    // Debian has no ONNX Runtime; the native half of a package is checked in packager_test.cc.
    if (python("-c 'import numpy, onnxruntime'").first != 0)
      GTEST_SKIP() << "needs python3 (or NEST_ORT_PYTHON) with numpy and onnxruntime";
  }
  test::TempDir dir_;
};

class EveryDeployScript : public DeployScript,
                          public testing::WithParamInterface<runtime::Family> {};

TEST_P(EveryDeployScript, verifies_and_decodes) {
  const Manifest manifest =
      ModelPackager(toy::model(GetParam())).create_package(dir_ / "p", toy::options());
  const std::string script = (dir_ / "p" / "deploy.py").string();
  const auto verified = python(script + " verify");
  EXPECT_EQ(verified.first, 0) << verified.second;
  const std::string input = (dir_ / "p" / manifest.golden[0].input).string();
  const auto decoded = python(script + " decode " + input + " --rate 64 --unit uV");
  EXPECT_EQ(decoded.first, 0) << decoded.second;
  EXPECT_EQ(Json::parse(decoded.second).at("text"), manifest.golden[0].onnx_text);
  const auto refused = python(script + " decode " + input + " --rate 128");
  EXPECT_NE(refused.first, 0);
  EXPECT_NE(refused.second.find("rate_hz"), std::string::npos) << refused.second;
}

INSTANTIATE_TEST_SUITE_P(Families, EveryDeployScript, testing::ValuesIn(runtime::kFamilies),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(DeployScript, finds_a_changed_file) {
  toy::write(dir_ / "p");
  write_text_file(dir_ / "p/vocab/labels.json", read_text_file(dir_ / "p/vocab/labels.json") + " ");
  const auto verified = python((dir_ / "p" / "deploy.py").string() + " verify");
  EXPECT_EQ(verified.first, 1) << verified.second;
  EXPECT_NE(verified.second.find("vocab/labels.json"), std::string::npos);
}

}  // namespace
}  // namespace nest::package
