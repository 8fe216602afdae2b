#include "nest/recognize/executors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/runtime/executor.h"
#include "tests/recognize/toy.h"
#include "tests/support/error_of.h"
#include "tests/support/temp_dir.h"

namespace nest::recognize {
namespace {

using testing::Contains;
using testing::HasSubstr;

using test::error_of;

TEST(Executors, native_ones_share_the_weights_packed_at_loading) {
  const test::TempDir dir;
  for (const char* name : {"m.pt", "m.safetensors"}) {
    deploy::save_model(toy::ctc_model(), dir / name);
    const RunnableModel runnable = load_runnable(dir / name);
    EXPECT_TRUE(runnable.model->weights.empty()) << "nothing is left that could be packed again";
    const std::size_t packed = runnable.prepared->weight_bytes();
    EXPECT_GT(packed, 0u);
    for (int i = 0; i < 3; ++i) {
      const auto executor = runnable.make_executor();
      executor->run("encoder", {{"eeg_data", toy::signal(1).reshaped({1, 3, 640})}});
      const auto& native = dynamic_cast<runtime::NativeExecutor&>(*executor);
      EXPECT_EQ(native.prepared(), runnable.prepared);
    }
    EXPECT_EQ(runnable.prepared->weight_bytes(), packed);
  }
}

TEST(Executors, a_registered_one_gets_the_model_with_its_weights_and_the_options) {
  int made = 0;
  register_executor("other", [&](const graph::Model& model, const ExecutorOptions& options) {
    ++made;
    EXPECT_EQ(options.device, "cuda:1");
    return std::make_unique<runtime::NativeExecutor>(runtime::prepare(model));
  });
  EXPECT_THAT(executor_names(), Contains("other"));
  ExecutorOptions options;
  options.executor = "other";
  options.device = "cuda:1";
  const RunnableModel runnable = make_runnable(toy::ctc_model(), options);
  EXPECT_EQ(runnable.prepared, nullptr);
  EXPECT_EQ(made, 0);
  EXPECT_EQ(runnable.make_executor()->model().name, runnable.model->name);
  EXPECT_EQ(made, 1);
}

TEST(Executors, a_name_that_nobody_registered_is_an_error_that_says_what_there_is) {
  ExecutorOptions options;
  options.executor = "nobody";
  const auto load = [&] { make_runnable(toy::ctc_model(), options); };
  EXPECT_THAT(error_of(load), HasSubstr("executor 'nobody' is not there; this program has: "));
  EXPECT_THAT(error_of(load), HasSubstr("native"));
  EXPECT_THROW(register_executor("native", [](const auto&, const auto&) { return nullptr; }),
               Error);
  EXPECT_THROW(register_executor("empty", nullptr), Error);
}

TEST(Executors, a_prepared_file_runs_in_its_own_precision_on_the_native_one_only) {
  const test::TempDir dir;
  ExecutorOptions options;
  options.precision = graph::Precision::kInt8;
  make_runnable(toy::ctc_model(), options).prepared->save(dir / "m.prepared");
  EXPECT_EQ(load_runnable(dir / "m.prepared").model->quantization.precision,
            graph::Precision::kInt8);
  for (const auto other : {graph::Precision::kBf16, graph::Precision::kFp32}) {
    options.precision = other;
    EXPECT_THROW(load_runnable(dir / "m.prepared", {}, options), Error) << name_of(other);
  }
  register_executor("other", [](const graph::Model& model, const ExecutorOptions&) {
    return std::make_unique<runtime::NativeExecutor>(runtime::prepare(model));
  });
  options.executor = "other";
  EXPECT_THAT(error_of([&] { load_runnable(dir / "m.prepared", {}, options); }),
              HasSubstr("needs the original model"));
}

TEST(Executors, the_native_one_has_no_other_device) {
  ExecutorOptions options;
  options.device = "cuda";
  EXPECT_THROW(validate(options), Error);
  options.device = "cpu";
  options.cuda_graphs = true;
  EXPECT_THAT(error_of([&] { validate(options); }), HasSubstr("is of `executor` torch"));
}

}  // namespace
}  // namespace nest::recognize
