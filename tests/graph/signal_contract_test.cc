#include "nest/graph/signal_contract.h"

#include "tests/support/error_of.h"
#include "tests/support/options_laws.h"

namespace nest::graph {
namespace {

using ::testing::HasSubstr;

SignalContract changed() {
  SignalContract contract;
  contract.rate_hz = 250.5;
  contract.num_channels = 2;
  contract.channels = {"Cz", "Oz"};
  contract.unit = "uV";
  contract.bandpass_hz = {1, 40};
  contract.ref_electrode = "average";
  contract.normalization = Normalization::kFixed;
  contract.mean = {0.1, -3e-7};
  contract.stddev = {1, 0};
  contract.window_s = 4;
  return contract;
}

std::string refused(const Json& json) {
  return test::error_of([&] { signal_contract_from_json(json); }, ErrorCode::kDataCorrupt);
}

TEST(SignalContract, survives_json_and_refuses_what_is_unknown_or_impossible) {
  test::expect_options_laws(SignalContract{}, changed());
  EXPECT_EQ(nest::to_json(signal_contract_from_json(nest::to_json(changed()))),
            nest::to_json(changed()));
}

TEST(SignalContract, names_of_channels_count_them) {
  EXPECT_EQ(signal_contract_from_json({{"channels", {"Cz", "Oz"}}}).num_channels, 2);
}

TEST(SignalContract, parts_that_contradict_each_other_are_refused) {
  Json json = nest::to_json(changed());
  json["num_channels"] = 3;
  EXPECT_THAT(refused(json), HasSubstr("has 2 names, num_channels is 3"));
  json = nest::to_json(changed());
  json["stddev"] = {1};
  EXPECT_THAT(refused(json), HasSubstr("'fixed' needs a mean and a stddev for every channel"));
  json = nest::to_json(changed());
  json["stddev"] = {1, -1};
  EXPECT_THAT(refused(json), HasSubstr("stddev: is -1; it must be at least 0"));
  json = nest::to_json(changed());
  json["normalization"] = "max";
  EXPECT_THAT(refused(json), HasSubstr("unknown normalization 'max'; known: none, fixed"));
}

}  // namespace
}  // namespace nest::graph
