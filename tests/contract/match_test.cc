// A source is judged against a contract in the same way whether it is a file or a stream.
#include "nest/contract/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/data/dataset.h"
#include "nest/io/npy.h"
#include "tests/contract/signals.h"
#include "tests/support/options_laws.h"
#include "tests/support/temp_dir.h"

namespace nest::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

SourceInfo source(const std::vector<std::string>& names = {"EEG Cz", "EEG Oz-REF", "STATUS"},
                  const std::string& unit = "uV", double rate_hz = 250) {
  SourceInfo info{.name = "file:x.edf", .rate_hz = rate_hz};
  info.channels = named_channels(names, unit);
  return info;
}

graph::SignalContract contract() {
  graph::SignalContract c;
  c.rate_hz = 250;
  c.channels = {"OZ", "cz"};
  c.num_channels = 2;
  return c;
}

TEST(Match, channels_are_found_as_people_write_them_in_the_contracts_order_and_unit) {
  const SourceMatch found = match(source(), contract());
  EXPECT_THAT(found.rows, ElementsAre(1, 0));
  EXPECT_THAT(found.gain, ElementsAre(1e-6, 1e-6));
  EXPECT_THAT(found.warnings, IsEmpty());
  EXPECT_EQ(found.source_rows, 3);
  EXPECT_THAT(found.packed().rows, ElementsAre(0, 1));
}

TEST(Match, an_electrode_under_its_other_name_is_taken_and_said_so) {
  auto wanted = contract();
  wanted.channels = {"T7", "P8"};
  const SourceMatch found = match(source({"T3", "T6"}), wanted);
  EXPECT_THAT(found.rows, ElementsAre(0, 1));
  EXPECT_THAT(found.warnings,
              ElementsAre(HasSubstr("T7 is taken from 'T3'"), HasSubstr("P8 is taken from 'T6'")));
}

TEST(Match, missing_and_ambiguous_channels_are_errors_that_name_them) {
  EXPECT_THAT(
      [] {
        match(source({"Cz", "Pz"}), contract());
      },
      ThrowsMessage<Error>(HasSubstr("channels OZ are missing; there are: Cz, Pz")));
  EXPECT_THAT(
      [] {
        match(source({"Oz", "EEG Oz", "cz"}), contract());
      },
      ThrowsMessage<Error>(HasSubstr("'Oz' and 'EEG Oz' both mean electrode OZ")));
}

TEST(Match, channels_without_names_are_taken_by_number) {
  SourceInfo unnamed{.name = "lsl:x", .rate_hz = 250};
  unnamed.channels = unnamed_channels(2, "V");
  EXPECT_THAT(match(unnamed, contract()).rows, ElementsAre(0, 1));
  unnamed.channels = unnamed_channels(3, "V");
  EXPECT_THAT([&] { match(unnamed, contract()); },
              ThrowsMessage<Error>(HasSubstr("3 channels that cannot be told apart")));
}

TEST(Match, a_reference_electrode_may_lie_outside_the_contracts_channels) {
  auto wanted = contract();
  wanted.ref_electrode = "M1";
  const SourceMatch found = match(source({"M1", "Cz", "Oz"}), wanted);
  EXPECT_THAT(found.rows, ElementsAre(2, 1, 0));
  EXPECT_EQ(found.ref_row, 2);
  wanted.ref_electrode = "Cz";
  EXPECT_EQ(match(source(), wanted).ref_row, 1);
  wanted.ref_electrode = "average";
  EXPECT_EQ(match(source(), wanted).ref_row, -1);
  wanted.ref_electrode = "A2";
  EXPECT_THAT([&] { match(source(), wanted); },
              ThrowsMessage<Error>(HasSubstr("reference electrode A2 is missing")));
}

TEST(Match, another_rate_is_refused_with_the_remedy_or_resampled) {
  const SourceInfo fast = source({"Oz", "Cz"}, "V", 256);
  EXPECT_THAT([&] { match(fast, contract()); },
              ThrowsMessage<Error>(HasSubstr("256 Hz, but the signal contract says 250 Hz; set "
                                             "`resample`")));
  const SourceMatch found = match(fast, contract(), {.resample = true});
  EXPECT_EQ(found.ratio.up, 125);
  EXPECT_EQ(found.ratio.down, 128);
  EXPECT_EQ(match(source({"Oz", "Cz"}, "V", 250.0001), contract()).ratio.up, 1);
  EXPECT_THROW(match(source({"Oz", "Cz"}, "V", 250.31317), contract(), {.resample = true}), Error);
  EXPECT_THROW(match(source({"Oz", "Cz"}, "V", 0), contract(), {.resample = true}), Error);
}

TEST(Match, a_missing_unit_is_an_error_unless_it_is_said_what_the_numbers_are) {
  const SourceInfo silent = source({"Oz", "Cz"}, "");
  EXPECT_THAT([&] { match(silent, contract()); },
              ThrowsMessage<Error>(HasSubstr("channel Oz states no unit")));
  EXPECT_THAT(match(silent, contract(), {.unit = "uV"}).gain, ElementsAre(1e-6, 1e-6));
  const SourceMatch scaled = match(silent, contract(), {.unit = "mV", .gain = 2, .offset = 4200});
  EXPECT_DOUBLE_EQ(scaled.gain[0], 2e-3);
  EXPECT_DOUBLE_EQ(scaled.offset[0], 4.2);
  // What the source states is not overruled.
  EXPECT_THAT(match(source({"Oz", "Cz"}, "V"), contract(), {.unit = "uV"}).gain, ElementsAre(1, 1));
}

TEST(Match, a_unit_that_is_no_voltage_is_an_error_for_files_and_streams_alike) {
  EXPECT_THAT(
      [] {
        match(source({"Oz", "Cz"}, "degC"), contract(), {.unit = "V"});
      },
      ThrowsMessage<Error>(HasSubstr("channel Oz is in 'degC'")));
  auto own = contract();
  own.unit = "AU";
  EXPECT_THAT(match(source({"Oz", "Cz"}, "AU"), own).gain, ElementsAre(1, 1));
}

TEST(Match, everything_that_does_not_fit_is_listed) {
  const SourceMatch found = compare(source({"Oz"}, "degC", 100), contract());
  std::vector<MismatchKind> kinds;
  for (const Mismatch& mismatch : found.mismatches) kinds.push_back(mismatch.kind);
  EXPECT_THAT(kinds, ElementsAre(MismatchKind::kRate, MismatchKind::kChannel, MismatchKind::kUnit));
}

TEST(Match, a_contract_fits_itself) {
  auto wanted = contract();
  wanted.ref_electrode = "M1";
  wanted.unit = "uV";
  const SourceMatch found = match(source_of(wanted), wanted);
  EXPECT_THAT(found.rows, ElementsAre(0, 1, 2));
  EXPECT_THAT(found.gain, ElementsAre(1, 1, 1));
}

TEST(MatchOptions, survive_json_and_refuse_what_is_unknown) {
  test::expect_options_laws(MatchOptions{}, MatchOptions{true, "uV", 2, -1});
}

}  // namespace
}  // namespace nest::contract
