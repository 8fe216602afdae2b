#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/data/dataset.h"
#include "nest/data/splits.h"
#include "nest/signal/window_norm.h"
#include "nest/text/text_rule.h"

namespace nest::data {

/// Formats that can be imported.
enum class ImportFormat { kAnnotations, kBids, kSsvepExo, kFeis, kCvep, kZuco };
/// "annotations" (also "edf-annotations"), "bids", "ssvep-exo", "feis", "cvep", "zuco"
EnumTable enum_table(ImportFormat of);

/// What one utterance of an import of trials is.
enum class TrialMode { kTrials, kUtterances, kSpeller };
/// "trials", "utterances" (joined trials), "speller" (rest is background, not text)
EnumTable enum_table(TrialMode of);

/// Which channels of recordings are signal, and what they were recorded from.
struct RecordingOptions {
  std::vector<std::string>
      channels;  ///< exactly these, in this order; empty: all of `channel_types`
  std::vector<std::string> exclude;
  std::vector<std::string> channel_types = {"eeg"};
  std::string name_pattern;  ///< "{subject}_{session}": who and when, from the path of a recording
  std::string name_table;    ///< TSV with the columns file, subject, session
  std::string text_column;   ///< of tables of events; empty: trial_type
  std::string text_filter;   ///< regular expression that an annotation must match
};
void visit_fields(FieldVisitor& visitor, RecordingOptions& options);

/// How foreign data become a dataset folder. Signals are referenced in place unless `copy` is set;
/// those of ZuCo are always written anew, one file a sentence.
struct ImportOptions {
  ImportFormat format = ImportFormat::kAnnotations;
  std::string in;
  std::string out;
  bool copy = false;                    ///< copy the signal files into OUT/signals
  TrialMode mode = TrialMode::kTrials;  ///< ssvep-exo
  double window_start_s = 0;            ///< trial window after the cue (ssvep-exo)
  double window_length_s = 5;
  RecordingOptions recordings;  ///< annotations and bids only
  text::TextRule text_rule;     ///< how texts are spelled; goes into the dataset's contract
  /// Drawn from what the source calls its training part (all of it, if it states no split).
  SplitOptions split = {
      .by = SplitBy::kUtterance, .validation_fraction = 0, .test_fraction = 0, .only = "train"};
  /// Rate of the signal contract; recordings of another one are resampled as they are loaded. 0:
  /// the first recording's, and others are left out.
  double resample_hz = 0;
  std::vector<double> bandpass_hz;  ///< written into the signal contract, applied when loading
  int bandpass_order = 4;
  double notch_hz = 0;
  std::string ref_electrode;
  bool normalize = true;  ///< fit mean and deviation on the training part
  /// Normalise each utterance by itself instead.
  signal::WindowNorm window_norm = signal::WindowNorm::kNone;
  /// A problem in any utterance or row of a table, a warning about any recording is an error.
  bool strict = false;
};
void visit_fields(FieldVisitor& visitor, ImportOptions& options);
/// Errors: FieldError.
void validate(const ImportOptions& options);

/// Reads, checks every utterance's header, fits the normalisation and writes the folder.
/// Errors: those of the readers; DataCorrupt if no utterance is usable; Interrupted.
Dataset import_dataset(const ImportOptions& options, const Job& job = {});

}  // namespace nest::data
