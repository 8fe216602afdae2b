// What holds for every options struct of this module.
#include "nest/data/dataset.h"
#include "nest/data/import.h"
#include "nest/data/splits.h"
#include "tests/support/options_laws.h"

namespace nest::data {
namespace {

TEST(DataOptions, survive_json_and_refuse_what_is_unknown_or_impossible) {
  test::expect_options_laws(DatasetOptions{}, DatasetOptions{Check::kSamples, true, true});
  test::expect_options_laws(LoadOptions{}, LoadOptions{false, false});
  SplitOptions split;
  split.by = SplitBy::kSession;
  split.validation_fraction = 0.25;
  split.validation_by = SplitBy::kText;
  split.seed = 9;
  split.test = {"s01", "s02/r1"};
  test::expect_options_laws(SplitOptions{}, split);
  RecordingOptions recordings;
  recordings.channels = {"Cz"};
  recordings.channel_types = {"eeg", "eog"};
  test::expect_options_laws(RecordingOptions{}, recordings);
  ImportOptions import;
  import.format = ImportFormat::kZuco;
  import.in = "in";
  import.mode = TrialMode::kUtterances;
  import.split = split;
  import.text_rule.punctuation = false;
  import.resample_hz = 250;
  import.bandpass_hz = {1, 40};
  import.window_norm = signal::WindowNorm::kRobust;
  test::expect_options_laws(ImportOptions{}, import);
}

TEST(DataOptions, annotations_have_their_old_name_too) {
  EXPECT_EQ(from_name<ImportFormat>("edf-annotations"), ImportFormat::kAnnotations);
  EXPECT_EQ(name_of(ImportFormat::kAnnotations), "annotations");
}

}  // namespace
}  // namespace nest::data
