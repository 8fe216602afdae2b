#include "stream/brainflow_source.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

/// Against BrainFlow's own library and its synthetic board; skipped where it is not installed.
namespace nest::stream {
namespace {

class BrainFlow : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* place = std::getenv("BRAINFLOW_LIB");
    const std::string folder = place == nullptr ? "" : std::string(place) + "/";
    // Debian has no BrainFlow; its own synthetic board is the other side of these tests.
    if (!has_shared_library((folder + "libBoardController.so").c_str()))
      GTEST_SKIP() << "BrainFlow's libBoardController.so is not installed (BRAINFLOW_LIB)";
  }
  std::unique_ptr<Clock> clock_ = make_wall_clock();
};

TEST_F(BrainFlow, the_synthetic_board_delivers_every_sample_with_names_and_unit) {
  const auto source = open_source({.source = "brainflow:-1"}, *clock_);
  EXPECT_EQ(source->info().rate_hz, 250);
  ASSERT_EQ(source->info().num_channels(), 16);
  EXPECT_EQ(source->info().channels.front().name, "Fz");
  EXPECT_EQ(source->info().channels.front().unit, "uV");
  std::vector<double> room(16 * 64);
  std::int64_t samples = 0;
  double begin_s = 0, end_s = 0;
  while (samples < 500) {
    const Chunk chunk = source->read({room.data(), 16, 64});
    ASSERT_GT(chunk.samples, 0);
    if (samples == 0) begin_s = chunk.arrival_s;
    EXPECT_EQ(chunk.first_sample, samples);
    for (std::int64_t c = 0; c < 16; ++c) EXPECT_NE(room[static_cast<std::size_t>(c * 64)], 0) << c;
    samples += chunk.samples;
    end_s = chunk.arrival_s;
  }
  // Two seconds of signal take about two seconds; the board makes samples in real time.
  EXPECT_GT(end_s - begin_s, 1);
}

TEST_F(BrainFlow, boards_are_listed_and_wrong_names_are_clear_errors) {
  const auto boards = list_brainflow_boards();
  EXPECT_THAT(boards, ::testing::Contains(::testing::HasSubstr("Synthetic: 16 EEG channels")));
  EXPECT_GT(boards.size(), 20u);
  for (const char* name : {"brainflow:x", "brainflow:-1?colour=red", "brainflow:9999"}) {
    EXPECT_THROW(open_source({.source = name}, *clock_), Error) << name;
  }
}

}  // namespace
}  // namespace nest::stream
