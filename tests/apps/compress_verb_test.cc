// nest compress: a whole search without training on a dataset made by nest synth, stopped and gone
// on with.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/file.h"
#include "nest/core/json.h"
#include "tests/apps/compression_fixture.h"

namespace nest {
namespace {

using ::testing::HasSubstr;

class CompressVerb : public test::CompressionFixture {
 protected:
  test::CommandResult compress(const std::string& arguments) const {
    return nest("compress --model " + path("m.pt") + " --data " + path("data") + " --out " +
                path("small") +
                " --epochs 0 --max-cer-increase 100 --timed-utterances 2 --search-utterances 3 "
                "--calibrate-utterances 3 " +
                arguments);
  }
  /// Builds without LibTorch (the edge, sanitizers) have nothing that trains; tools/edge.sh sees
  /// how they say so.
  static bool can_train() {
    return std::filesystem::exists(std::filesystem::path(NEST_BINARY).parent_path() / "nest-torch");
  }
  Json file(const std::string& name) const {
    return Json::parse(read_text_file(dir_ / "small" / name));
  }
  static double bytes_of(const Json& report, const std::string& candidate) {
    for (const Json& one : report["candidates"])
      if (one["name"] == candidate) return one["file_bytes"].get<double>();
    ADD_FAILURE() << "no model '" << candidate << "' was tried";
    return 0;
  }
};

TEST_F(CompressVerb, leaves_a_model_that_every_verb_takes_its_table_and_report) {
  const auto made = compress("--amounts 0.5 --json");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json json = Json::parse(made.out), stored = file("compress.json");
  EXPECT_EQ(json, stored);
  EXPECT_EQ(json["schema"], "nest.compress/1");
  for (const char* key : {"parameters", "macs", "file_bytes", "sparsity", "cer", "wer"}) {
    EXPECT_TRUE(json["before"].contains(key)) << key;
    EXPECT_TRUE(json["after"].contains(key)) << key;
  }
  EXPECT_EQ(json["before"]["file_bytes"], std::filesystem::file_size(path("m.pt")));
  EXPECT_EQ(json["after"]["file_bytes"],
            std::filesystem::file_size(path("small/model.safetensors")));
  EXPECT_LT(json["after"]["parameters"].get<int>(), json["before"]["parameters"].get<int>());
  EXPECT_GE(json["candidates"].size(), 6u);
  EXPECT_FALSE(json["pareto"].empty());
  for (const Json& step : json["steps"]) {
    EXPECT_GT(step["p50_ms"].get<double>(), 0);
    EXPECT_LE(step["p50_ms"].get<double>(), step["p95_ms"].get<double>());
    EXPECT_TRUE(step["bleu"].contains("low"));
  }
  EXPECT_TRUE(json["steps"].back()["cer_change"].contains("high"));
  EXPECT_THAT(read_text_file(dir_ / "small/report.html"), HasSubstr("<svg"));
  for (const char* model : {"small/model.safetensors", "small/model.prepared"}) {
    const auto scored = nest("benchmark --json --model " + path(model) + " --data " + path("data"));
    ASSERT_EQ(scored.exit_code, 0) << scored.err;
    EXPECT_NEAR(Json::parse(scored.out)["summary"]["metrics"]["cer"]["value"].get<double>(),
                json["after"]["cer"]["estimate"].get<double>(), 0.02)
        << model;
  }
  EXPECT_EQ(nest("inspect " + path("small/model.safetensors")).exit_code, 0);
}

TEST_F(CompressVerb, goes_on_after_a_kill_with_what_was_done) {
  ASSERT_EQ(compress("--amounts 0.5").exit_code, 0);
  const std::string kept = path("small/models/all-units-int8.safetensors");
  const auto before = std::filesystem::last_write_time(kept);
  // As if it had been killed after the first two models.
  Json state = file("search.json");
  Json models = Json::array();
  for (const Json& model : state["models"]) {
    if (model["name"] == "float" || model["name"] == "all units, int8") models.push_back(model);
  }
  for (Json& model : models) model["ms"] = 1e6;  // of another hour, with which nothing compares
  state["models"] = models;
  write_text_file(dir_ / "small/search.json", state.dump());
  std::filesystem::remove(path("small/compress.json"));
  const auto refused = compress("--amounts 0.5");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("holds a search; go on with it by --resume"));
  const auto other = compress("--amounts 0.4 --resume");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("this search had another 'amounts'"));
  const auto resumed = compress("--amounts 0.5 --resume");
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(std::filesystem::last_write_time(kept), before);
  EXPECT_TRUE(std::filesystem::exists(path("small/compress.json")));
  const Json searched = file("search.json");
  ASSERT_FALSE(searched["models"].empty());
  for (const Json& model : searched["models"])
    EXPECT_LT(model["ms"].get<double>(), 1e5) << model["name"];
}

TEST_F(CompressVerb, mixes_widths_up_to_the_size_that_was_asked_for) {
  const auto first = compress("--amounts 0.5 --json");
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const Json json = Json::parse(first.out);
  const double floats = json["before"]["file_bytes"].get<double>();
  const double int8 = bytes_of(json, "all units, int8"), int4 = bytes_of(json, "all units, int4");
  ASSERT_LT(int4, int8);
  const double wanted = (int4 + int8) / 2;
  std::filesystem::remove_all(dir_ / "small");
  const auto made =
      compress(fmt::format("--amounts 0.5 --json --target-size {:.6f}", floats / wanted));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const double mixed = bytes_of(Json::parse(made.out), "all units, mixed");
  EXPECT_GT(mixed, int4);
  EXPECT_LE(mixed, wanted + 1);
}

TEST_F(CompressVerb, leaves_units_below_a_path_alone) {
  ASSERT_EQ(compress("--amounts 0.5 --keep-units spatial_cnn").exit_code, 0);
  const auto shapes = [&](const std::string& model) {
    const auto seen = nest("inspect --json " + path(model));
    EXPECT_EQ(seen.exit_code, 0) << seen.err;
    std::map<std::string, Json> found;
    const Json described = Json::parse(seen.out);
    for (const Json& tensor : described["tensors"])
      found[tensor["name"].get<std::string>()] = tensor["shape"];
    return found;
  };
  const auto before = shapes("m.pt"), after = shapes("small/models/units-50.safetensors");
  int smaller = 0;
  for (const auto& [name, shape] : after) {
    if (name.starts_with("spatial_cnn"))
      EXPECT_EQ(shape, before.at(name)) << name;
    else
      smaller += static_cast<int>(shape != before.at(name));
  }
  EXPECT_GT(smaller, 0);
}

TEST_F(CompressVerb, trains_models_of_few_bits_as_their_codes_compute) {
  // Codes are trained, for which builds without LibTorch have nothing.
  if (!can_train()) GTEST_SKIP() << "nest-torch is not built";
  const auto made = compress("--amounts 0.5 --code-epochs 1 --code-learning-rate 0.001");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_TRUE(std::filesystem::exists(path("small/training-codes/1/best.pt")));
  EXPECT_FALSE(std::filesystem::exists(path("small/training")));
  EXPECT_EQ(file("search.json")["settings"]["training"]["code_epochs"], 1);
  const Json json = file("compress.json");
  EXPECT_LT(bytes_of(json, "all units, int4"), 0.8 * bytes_of(json, "all units, int8"));
  const auto other = compress("--amounts 0.5 --code-epochs 2 --resume");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("this search had another 'training'"));
}

TEST_F(CompressVerb, tries_a_student_of_another_shape) {
  // A student has to be trained, which builds without LibTorch (the edge, sanitizers) cannot.
  if (!can_train()) GTEST_SKIP() << "nest-torch is not built";
  write_text_file(dir_ / "small.yaml",
                  "small: {model_name: NEST_CTC, spatial_cnn: {type: DeepConvNet, n_filters: 4}, "
                  "temporal_encoder: {type: GRU, hidden_dim: 4, num_layers: 1}, decoder: {}}\n");
  const std::string student = "--amounts 0.5 --student " + path("small.yaml") +
                              " --student-key small --student-learning-rate 0.01 ";
  const auto made = compress(student + "--student-epochs 1");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const Json json = file("compress.json");
  EXPECT_GT(bytes_of(json, "student"), bytes_of(json, "student, int8"));
  EXPECT_GT(bytes_of(json, "student, int8"), bytes_of(json, "student, int4"));
  EXPECT_LT(bytes_of(json, "student"), bytes_of(json, "units -50 %"));
  EXPECT_TRUE(std::filesystem::exists(path("small/training-student/1/best.pt")));
  const auto inspected = nest("inspect --json " + path("small/models/student.safetensors"));
  EXPECT_THAT(inspected.out, HasSubstr("GRU"));
  // The configuration is one of the settings: by its content, not by its name.
  write_text_file(dir_ / "small.yaml",
                  "small: {model_name: NEST_CTC, spatial_cnn: {type: DeepConvNet, n_filters: 4}, "
                  "temporal_encoder: {type: GRU, hidden_dim: 8, num_layers: 1}, decoder: {}}\n");
  const auto other = compress(student + "--student-epochs 1 --resume");
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("this search had another 'student'"));
}

TEST_F(CompressVerb, a_bad_request_is_one_clear_error) {
  const auto expect = [&](const std::string& arguments, int code, const std::string& says) {
    const auto made = compress(arguments);
    EXPECT_EQ(made.exit_code, code) << arguments << made.err;
    EXPECT_THAT(made.err, HasSubstr(says)) << arguments;
    EXPECT_FALSE(std::filesystem::exists(path("small/model.safetensors"))) << arguments;
  };
  expect("--amounts 1.1", 2, "--amounts");
  expect("--amounts 0.5,0.3", 2, "--amounts are not ascending");
  expect("--amounts 0.5 --keep-units spatial_cn", 3, "spatial_cnn");
  expect("--search-split test", 2, "--search-split is test");
  expect("--target-size 0.5", 2, "--target-size is 0.5");
  expect("--streamed-data " + path("nowhere"), 3, "nowhere");
  expect("--student " + path("none.yaml"), 2, "--student-epochs is 0");
  expect("--student-epochs 2", 2, "--student is not given");
}

TEST_F(CompressVerb, of_a_quantization_names_widths_layers_and_data_that_there_are_not) {
  const auto expect = [&](const std::string& arguments, int code, const std::string& says) {
    const auto made =
        nest("quantize --model " + path("m.pt") + " --out " + path("x.prepared") + " " + arguments);
    EXPECT_EQ(made.exit_code, code) << arguments << made.err;
    EXPECT_THAT(made.err, HasSubstr(says)) << arguments;
    EXPECT_FALSE(std::filesystem::exists(path("x.prepared"))) << arguments;
  };
  const std::string data = " --data " + path("data");
  expect("--method mixed --layer temporal_encoder=3" + data, 2, "3");
  expect("--method mixed --layer temporal_encodr=4" + data, 2, "temporal_encodr");
  expect("--method static --calibrate-split nobody" + data, 3, "nobody");
  expect("--method static --calibrate-utterances 0" + data, 2, "--calibrate-utterances");
}

}  // namespace
}  // namespace nest
