#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tests/apps/convolutional_model.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace nest::test {

/// What a verb that makes models smaller is tried on: a small model "m.pt" and a dataset "data".
class CompressionFixture : public testing::Test {
 protected:
  /// `synth`: more flags of "nest synth".
  explicit CompressionFixture(std::string synth = "") : synth_(std::move(synth)) {}

  void SetUp() override {
    const auto made =
        nest("synth --out " + path("data") + " --sentences 30 --rate 128 --seed 3 " + synth_);
    ASSERT_EQ(made.exit_code, 0) << made.err;
    save_convolutional_model(path("m.pt"), 16);
  }
  static CommandResult nest(const std::string& arguments) {
    return run_nest(NEST_BINARY, arguments, 16'000'000);
  }
  std::string path(const std::string& name) const { return (dir_ / name).string(); }

  TempDir dir_;

 private:
  std::string synth_;
};

}  // namespace nest::test
