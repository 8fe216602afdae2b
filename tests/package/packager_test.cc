#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/contract/source.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/package/model_packager.h"
#include "nest/package/package.h"
#include "nest/recognize/signal_recognizer.h"
#include "tests/package/toy_package.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::package {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(ModelPackager, writes_the_folder_of_the_specification) {
  const test::TempDir dir;
  toy::write(dir / "p");
  for (const char* name :
       {"models/model.safetensors", "models/model.prepared", "models/model.onnx",
        "models/preprocessing.onnx", "configs/model.yaml", "configs/deployment.yaml",
        "vocab/tokenizer.json", "vocab/labels.json", "golden/0_input.npy", "golden/1_output.npy",
        "manifest.json", "manifest.sha256", "README.md", "requirements.txt", "deploy.py"})
    EXPECT_TRUE(std::filesystem::exists(dir / "p" / name)) << name;
  EXPECT_FALSE(std::filesystem::exists(dir / "p" / "manifest.sig"));
}

TEST(ModelPackager, gives_the_same_bytes_again) {
  const test::TempDir dir;
  PackageOptions options = toy::options();
  options.archive = (dir / "a.nestpkg").string();
  toy::write(dir / "a", options);
  options.archive = (dir / "b.nestpkg").string();
  toy::write(dir / "b", options);
  EXPECT_EQ(read_text_file(dir / "a.nestpkg"), read_text_file(dir / "b.nestpkg"));
}

class EveryFamilyInAPackage : public testing::TestWithParam<runtime::Family> {};

TEST_P(EveryFamilyInAPackage, decodes_as_the_model_does) {
  const test::TempDir dir;
  const graph::Model model = toy::model(GetParam());
  PackageOptions options = toy::options();
  options.archive = (dir / "a.nestpkg").string();
  ModelPackager(model).create_package(dir / "p", options);
  for (const auto& path : {dir / "p", dir / "a.nestpkg"}) {
    const Package package = Package::load(path);
    recognize::SignalRecognizer packaged(package.bundle());
    recognize::SignalRecognizer direct(recognize::make_bundle(recognize::make_runnable(model)));
    ASSERT_EQ(package.inputs().size(), 2u);
    const auto source = contract::source_of(model.signal);
    const Tensor& input = package.inputs().back();
    const std::string text = direct.recognize(input, source).text;
    EXPECT_EQ(packaged.recognize(input, source).text, text);
    EXPECT_EQ(package.manifest().golden.back().text, text);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, EveryFamilyInAPackage, testing::ValuesIn(runtime::kFamilies),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ModelPackager, of_8_bit_weights_proves_codes_and_floats_apart) {
  const test::TempDir dir;
  graph::Model model = toy::model(runtime::kFamilies[0]);
  model.quantization.precision = graph::Precision::kInt8;
  const Manifest manifest = ModelPackager(model).create_package(dir / "p", toy::options());
  EXPECT_GT(manifest.tolerance, manifest.onnx_tolerance);
  EXPECT_NE(read_text_file(dir / "p/golden/0_output.npy"),
            read_text_file(dir / "p/golden/0_onnx_output.npy"));
  EXPECT_TRUE(verify_package(dir / "p").passed());
}

TEST(ModelPackager, replaces_a_package_and_nothing_else) {
  const test::TempDir dir;
  toy::write(dir / "p");
  PackageOptions options = toy::options();
  options.version = "2";
  toy::write(dir / "p", options);
  EXPECT_EQ(Package::load(dir / "p").manifest().version, "2");
  write_text_file(dir / "precious" / "letter.txt", "dear");
  EXPECT_THROW(toy::write(dir / "precious"), Error);
  EXPECT_EQ(read_text_file(dir / "precious" / "letter.txt"), "dear");
  // Nothing is left beside them.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 2);
}

TEST(ModelPackager, that_is_stopped_leaves_nothing) {
  const test::TempDir dir;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(ModelPackager(toy::model(runtime::kFamilies[0]))
                   .create_package(dir / "p", toy::options(), {{}, stop.get_token()}),
               Error);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(ModelPackager, refuses_a_model_that_nobody_could_serve) {
  graph::Model model = toy::model(runtime::kFamilies[0]);
  model.signal = {};
  EXPECT_THROW(ModelPackager{std::move(model)}, Error);
}

/// No test: writes the archive that the next one reads into the source tree, so it is run by hand
/// (--gtest_also_run_disabled_tests) when the schema changes, under a new name.
TEST(PackageGolden, DISABLED_is_written) {
  const test::TempDir dir;
  PackageOptions options = toy::options();
  options.archive = (test::tests_dir() / "golden/package/version1.nestpkg").string();
  toy::write(dir / "p", options);
}

TEST(PackageGolden, of_version_1_loads_for_ever) {
  const Package package = Package::load(test::tests_dir() / "golden/package/version1.nestpkg");
  EXPECT_EQ(package.manifest().name, "toy");
  EXPECT_EQ(package.manifest().golden.size(), 2u);
  EXPECT_NE(package.bundle().tokenizer, nullptr);
}

}  // namespace
}  // namespace nest::package
