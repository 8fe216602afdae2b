// Packages that are replaced while they serve.
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/file.h"
#include "serve/inference.h"
#include "tests/serve/toy_server.h"

namespace nest::serve {
namespace {

using testing::HasSubstr;

graph::Model model_of_seed(std::uint64_t seed) {
  graph::Model model = package::toy::model(runtime::kFamilies[0]);
  Rng rng(seed);
  for (auto& [name, tensor] : model.weights)
    if (tensor.dtype() == DType::kF32 && name.find("running_var") == std::string::npos)
      for (float& value : tensor.mutable_data<float>()) value += static_cast<float>(rng.normal());
  return model;
}

void write(const std::filesystem::path& folder, std::uint64_t seed, const std::string& version) {
  package::PackageOptions options = package::toy::options();
  options.version = version;
  package::ModelPackager(model_of_seed(seed)).create_package(folder, options);
}

class ServedModels : public testing::Test {
 protected:
  void SetUp() override {
    write(dir_ / "p", 1, "1");
    models_.add(dir_ / "p");
  }
  void TearDown() override { models_.drain(); }
  /// Version that answered, "" for a failure.
  std::string ask(const std::string& name = "toy") {
    const auto model = models_.pick(name);
    std::promise<std::string> version;
    infer(models_, model, {model->package().inputs()[0]}, contract::source_of(model->contract()),
          true, [&](InferenceAnswer answer) {
            version.set_value(answer.error != nullptr ? "" : model->version());
          });
    return version.get_future().get();
  }

  /// The canary, which takes every second request.
  std::shared_ptr<ServedModel> add_canary() {
    write(dir_ / "q", 1, "2");
    models_.add_canary(dir_ / "q");
    models_.pick("toy");
    return models_.pick("toy");
  }

  test::TempDir dir_;
  Metrics metrics_;
  // So slow that no timing on a busy machine is, only what a test records.
  Models models_{toy::settings(), {}, metrics_, {.share = 0.5, .least = 4, .slower = 1e6}};
};

TEST_F(ServedModels, are_replaced_without_losing_a_request) {
  std::atomic<bool> is_over{false};
  std::atomic<int> lost{0}, answered{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 3; ++i)
    clients.emplace_back([&] {
      while (!is_over) {
        if (ask().empty()) ++lost;
        ++answered;
      }
    });
  for (int version = 2; version < 6; ++version) {
    write(dir_ / "p", 1, std::to_string(version));
    models_.reload("toy");
    EXPECT_EQ(models_.find("toy")->version(), std::to_string(version));
  }
  is_over = true;
  clients.clear();
  EXPECT_EQ(lost, 0);
  EXPECT_GT(answered, 0);
}

TEST_F(ServedModels, stay_when_the_new_package_is_broken_or_gone) {
  const auto file = dir_ / "p/models/model.prepared";
  std::string bytes = read_text_file(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  test::write_carelessly(file, bytes);
  EXPECT_THROW(models_.reload("toy"), Error);
  EXPECT_EQ(ask(), "1");
  std::filesystem::remove_all(dir_ / "p");
  EXPECT_THROW(models_.reload("toy"), Error);
  EXPECT_EQ(ask(), "1");
  EXPECT_THROW(models_.reload("other"), RequestError);
}

TEST_F(ServedModels, of_one_name_come_from_one_path) {
  write(dir_ / "q", 1, "1");
  EXPECT_THROW(models_.add(dir_ / "q"), Error);
  EXPECT_EQ(models_.all().size(), 1u);
}

TEST_F(ServedModels, share_requests_with_a_canary_until_it_is_worse) {
  const auto canary = add_canary();
  EXPECT_EQ(canary->version(), "2");
  std::map<std::string, int> versions;
  for (int i = 0; i < 40; ++i) ++versions[ask()];
  EXPECT_TRUE(models_.has_canary("toy"));
  EXPECT_EQ(versions["1"], 20);
  EXPECT_EQ(versions["2"], 20);
  // Answers of it fail from now on.
  for (int i = 0; i < 40; ++i) canary->record().add(0, true, nullptr);
  EXPECT_EQ(ask(), "1");
  EXPECT_EQ(ask(), "1");
  EXPECT_FALSE(models_.has_canary("toy"));
  EXPECT_THAT(metrics_.text(), HasSubstr("nest_fallbacks_total{model=\"toy\"} 1"));
}

TEST_F(ServedModels, take_a_slow_canary_back_once_there_are_answers_to_compare) {
  const auto canary = add_canary(), served = models_.find("toy");
  for (int i = 0; i < 4; ++i) served->record().add(1e-3, false, nullptr);
  for (int i = 0; i < 3; ++i) canary->record().add(2e3, false, nullptr);
  models_.pick("toy");
  EXPECT_TRUE(models_.has_canary("toy"));
  canary->record().add(2e3, false, nullptr);
  EXPECT_EQ(models_.pick("toy"), served);
  EXPECT_FALSE(models_.has_canary("toy"));
}

TEST_F(ServedModels, take_a_canary_back_that_is_less_sure) {
  const auto canary = add_canary(), served = models_.find("toy");
  decode::Recognition sure, unsure;
  sure.confidences = {0.9, 0.9};
  unsure.confidences = {0.5, 0.9};
  for (int i = 0; i < 4; ++i) {
    served->record().add(1e-3, false, &sure);
    canary->record().add(1e-3, false, &unsure);
  }
  EXPECT_EQ(models_.pick("toy"), served);
  EXPECT_FALSE(models_.has_canary("toy"));
}

TEST_F(ServedModels, refuse_a_canary_that_takes_other_signals) {
  graph::Model other = model_of_seed(1);
  other.signal.rate_hz = 128;
  package::ModelPackager(other).create_package(dir_ / "q", package::toy::options());
  EXPECT_THROW(models_.add_canary(dir_ / "q"), Error);
}

TEST_F(ServedModels, notice_inputs_that_are_not_what_they_were) {
  const auto model = models_.find("toy");
  const auto source = contract::source_of(model->contract());
  const Tensor& input = model->package().inputs()[0];
  model->prepare(input, source);
  const double usual = model->drift();
  Tensor loud = input.clone();
  for (float& value : loud.mutable_data<float>()) value *= 20;
  for (int i = 0; i < 50; ++i) model->prepare(loud, source);
  EXPECT_LT(usual, 0.3);
  EXPECT_GT(model->drift(), 2);
}

}  // namespace
}  // namespace nest::serve
