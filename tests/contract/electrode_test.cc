#include "nest/contract/electrode.h"

#include <vector>

#include <gtest/gtest.h>

namespace nest::contract {
namespace {

TEST(Electrode, labels_that_people_write_mean_the_same_electrode) {
  for (const char* label : {"Fp1", "FP1", "fp1", "EEG Fp1", "EEG FP1-REF", "EEG Fp1-LE", "Fp1-Ref",
                            "Fp1..", " Fp1 ", "EEG_Fp1", "Fp1_AVG", "EEG FP1-AR"}) {
    EXPECT_EQ(plain_electrode(label), "fp1") << label;
  }
  EXPECT_EQ(electrode_name("EEG Fp1-REF"), "Fp1");
  EXPECT_EQ(electrode_name("Fc5."), "Fc5");
}

TEST(Electrode, derivations_and_other_names_stay_what_they_are) {
  EXPECT_EQ(plain_electrode("Fp1-F7"), "fp1-f7");
  EXPECT_EQ(plain_electrode("EEG"), "eeg");
  EXPECT_EQ(plain_electrode("EEG 001"), "001");
  EXPECT_EQ(plain_electrode("REF"), "ref");
  EXPECT_EQ(plain_electrode(""), "");
}

TEST(Electrode, an_exact_label_comes_first_then_the_same_electrode_then_its_other_name) {
  const std::vector<std::string> labels = {"EEG cz", "Cz", "T3", "EEG P8-REF", "t6"};
  EXPECT_EQ(find_electrode(labels, "Cz").row, 1);
  EXPECT_EQ(find_electrode(labels, "Cz").rival, -1);
  EXPECT_EQ(find_electrode(labels, "CZ").rival, 1);  // two mean it, neither reads so
  const ElectrodeMatch renamed = find_electrode(labels, "T7");
  EXPECT_EQ(renamed.row, 2);
  EXPECT_TRUE(renamed.is_alias);
  const ElectrodeMatch kept = find_electrode(labels, "P8");
  EXPECT_EQ(kept.row, 3);
  EXPECT_FALSE(kept.is_alias);
  EXPECT_EQ(find_electrode(labels, "Oz").row, -1);
}

}  // namespace
}  // namespace nest::contract
