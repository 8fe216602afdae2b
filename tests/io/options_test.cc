// What holds for every options struct of this module.
#include "io/pytorch.h"
#include "nest/io/edf.h"
#include "nest/io/recording.h"
#include "tests/support/options_laws.h"

namespace nest::io {
namespace {

TEST(IoOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  test::expect_options_laws(OpenOptions{}, OpenOptions{"128 Hz", 250.5, true});
  test::expect_options_laws(PytorchReadOptions{}, PytorchReadOptions{false});
  test::expect_options_laws(EdfWriteOptions{},
                            EdfWriteOptions{"X F X Jane", 2, {-1, -2}, {1, 2.5}});
}

}  // namespace
}  // namespace nest::io
