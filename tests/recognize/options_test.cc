// What holds for every options struct of this module.
#include "nest/recognize/batch_request.h"
#include "nest/recognize/bundle.h"
#include "nest/recognize/model_cache.h"
#include "nest/recognize/recognizer.h"
#include "tests/support/options_laws.h"

namespace nest::recognize {
namespace {

TEST(RecognizeOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  ExecutorOptions executor;
  executor.precision = graph::Precision::kInt8;
  executor.prepare.sparse = false;
  executor.machine.threads = 3;
  test::expect_options_laws(ExecutorOptions{}, executor);
  LoadOptions load;
  load.file.model_key = "nest_ctc";
  load.tokenizer = "t.json";
  load.executor = executor;
  test::expect_options_laws(LoadOptions{}, load);
  RecognizeOptions recognize;
  recognize.decode.beam_size = 4;
  test::expect_options_laws(RecognizeOptions{}, recognize);
  test::expect_options_laws(BatchOptions{},
                            {.max_batch = 3, .max_delay_ms = 0, .workers = 2, .max_waiting = 9});
  test::expect_options_laws(ModelCacheOptions{}, {.max_bytes = 5});
}

TEST(RecognizeOptions, an_error_deep_inside_names_the_whole_way) {
  LoadOptions load;
  load.executor.machine.threads = -1;
  try {
    nest::validate(load);
    FAIL() << "accepted";
  } catch (const FieldError& error) {
    EXPECT_EQ(error.field(), "executor.machine.threads");
  }
}

}  // namespace
}  // namespace nest::recognize
