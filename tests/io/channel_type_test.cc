#include "nest/io/channel_type.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"

namespace nest::io {
namespace {

TEST(ChannelType, is_guessed_from_what_people_call_channels) {
  const auto expect = [](ChannelType type, const std::vector<std::string>& names) {
    for (const std::string& name : names) EXPECT_EQ(guess_channel_type(name, "uV"), type) << name;
  };
  expect(ChannelType::kEeg, {"Fp1", "EEG Fp1-REF", "Cz", "TP9", "A1", "E12", "EEG 001", "M1", "POz",
                             "12", "Afz", "CPP5h"});
  expect(ChannelType::kEog,
         {"VEOG", "HEOG", "EOG 061", "EOG-left", "VEOl", "HEOr", "ROC", "EOG E1-M2"});
  expect(ChannelType::kEcg, {"ECG", "EKG1", "ecg 2", "EEG EKG1-REF"});
  expect(ChannelType::kEmg, {"EMG", "chin EMG", "EMG-L"});
  expect(ChannelType::kStim, {"STI 014", "Status", "TRIGGER", "Trig1", "TTL", "Marker", "DIN4"});
  expect(ChannelType::kMisc,
         {"AUX2", "Resp", "GSR", "EXG1", "ACC_X", "SampleNo", "SpO2", "Temp", "DC3", "PHOTIC-REF"});
}

TEST(ChannelType, a_unit_that_is_no_voltage_is_no_eeg) {
  EXPECT_EQ(guess_channel_type("Pz", "uV"), ChannelType::kEeg);
  EXPECT_EQ(guess_channel_type("Pz", ""), ChannelType::kEeg);
  EXPECT_EQ(guess_channel_type("x", "m/s^2"), ChannelType::kMisc);
}

TEST(ChannelType, what_the_file_states_wins_over_the_guess) {
  ChannelInfo channel;
  channel.name = "VEOG";
  EXPECT_EQ(type_of(channel), ChannelType::kEog);
  channel.type = ChannelType::kEeg;
  EXPECT_EQ(type_of(channel), ChannelType::kEeg);
}

TEST(ChannelType, names_of_bids_and_mne_are_known) {
  EXPECT_EQ(channel_type_from_name("EEG"), ChannelType::kEeg);
  EXPECT_EQ(channel_type_from_name("HEOG"), ChannelType::kEog);
  EXPECT_EQ(channel_type_from_name("TRIG"), ChannelType::kStim);
  EXPECT_EQ(channel_type_from_name("MEGGRADPLANAR"), ChannelType::kMeg);
  EXPECT_EQ(channel_type_from_name("seeg"), ChannelType::kIntracranial);
  EXPECT_EQ(channel_type_from_name("n/a"), ChannelType::kUnknown);
}

}  // namespace
}  // namespace nest::io
