#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {
namespace {

SourceInfo source() {
  SourceInfo info;
  info.name = "edf:x.edf";
  info.rate_hz = 250;
  info.channels = {"EEG Cz", "EEG Oz", "STATUS"};
  info.num_channels = 3;
  info.unit = "uV";
  return info;
}

graph::SignalContract contract() {
  graph::SignalContract c;
  c.rate_hz = 250;
  c.channels = {"Oz", "cz"};
  c.num_channels = 2;
  c.unit = "V";
  return c;
}

TEST(ContractCheck, channels_are_found_by_name_in_the_models_order) {
  EXPECT_EQ(match_channels(source(), contract()), (std::vector<std::int64_t>{1, 0}));
  EXPECT_DOUBLE_EQ(unit_factor(source(), contract()), 1e-6);
}

TEST(ContractCheck, a_wrong_rate_or_missing_channel_is_an_error_that_names_it) {
  auto wrong_rate = source();
  wrong_rate.rate_hz = 256;
  try {
    match_channels(wrong_rate, contract());
    FAIL() << "256 Hz was accepted for 250 Hz";
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.code()), 3);
    EXPECT_NE(std::string(error.what()).find("256 Hz"), std::string::npos);
  }
  auto wanted = contract();
  wanted.channels.push_back("PO7");
  try {
    match_channels(source(), wanted);
    FAIL() << "a missing channel was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("PO7"), std::string::npos);
  }
}

TEST(StreamConfig, values_out_of_range_are_refused) {
  EXPECT_THROW(validate(StreamConfig{.window_s = -1}), Error);
  EXPECT_THROW(validate(StreamConfig{.max_latency_ms = 0}), Error);
  EXPECT_THROW(validate(StreamConfig{.gap_policy = "hope"}), Error);
  EXPECT_NO_THROW(validate(StreamConfig{}));
}

}  // namespace
}  // namespace nest::stream
