#include "nest/core/options.h"
#include "nest/data/import.h"

namespace nest::data {
namespace {

constexpr std::string_view kChannelTypes[] = {"eeg", "eog",  "ecg",  "emg",
                                              "meg", "ieeg", "stim", "misc"};

/// What only some formats know is an error with the others.
void check_format(const ImportOptions& o) {
  const bool is_bids = o.format == ImportFormat::kBids;
  if (is_bids || o.format == ImportFormat::kAnnotations) {
    require_field(is_bids || o.recordings.text_column.empty(), "recordings.text_column",
                  "is for tables of events (format bids); annotations have one text");
    return;
  }
  const Json given = nest::to_json(o.recordings), unchanged = nest::to_json(RecordingOptions{});
  for (const auto& [name, value] : given.items()) {
    require_field(value == unchanged[name], "recordings." + name,
                  "is for the formats annotations and bids; {} decides on this itself",
                  name_of(o.format));
  }
}

}  // namespace

EnumTable enum_table(ImportFormat /*of*/) {
  static constexpr EnumName kNames[] = {{ImportFormat::kAnnotations, "annotations"},
                                        {ImportFormat::kAnnotations, "edf-annotations"},
                                        {ImportFormat::kBids, "bids"},
                                        {ImportFormat::kSsvepExo, "ssvep-exo"},
                                        {ImportFormat::kFeis, "feis"},
                                        {ImportFormat::kCvep, "cvep"},
                                        {ImportFormat::kZuco, "zuco"}};
  return {"import format", kNames};
}

EnumTable enum_table(TrialMode /*of*/) {
  static constexpr EnumName kNames[] = {{TrialMode::kTrials, "trials"},
                                        {TrialMode::kUtterances, "utterances"},
                                        {TrialMode::kSpeller, "speller"}};
  return {"mode of trials", kNames};
}

void visit_fields(FieldVisitor& visitor, RecordingOptions& o) {
  visitor.group("Recordings (annotations, bids)");
  visitor.field("channels", o.channels, "exactly these channels, in this order");
  visitor.field("exclude", o.exclude, "channels to leave out");
  visitor.field("channel_types", o.channel_types,
                "types of channels that are signal: eeg, eog, ecg, emg, meg, ieeg, stim, misc", {},
                {.choices = kChannelTypes});
  visitor.field("name_pattern", o.name_pattern,
                "where a path has {subject}, {session}, {task}; * is anything");
  visitor.field("name_table", o.name_table, "TSV with the columns file, subject, session");
  visitor.field("text_column", o.text_column, "bids: column of the text; empty: trial_type");
  visitor.field("text_filter", o.text_filter, "regular expression that a text must match");
}

void visit_fields(FieldVisitor& visitor, ImportOptions& o) {
  visitor.field("format", o.format, "what the input is", {}, {.is_required = true});
  visitor.field("in", o.in, "folder or file to import", {}, {.is_required = true});
  visitor.field("out", o.out, "dataset folder to write", {},
                {.flag = "output", .is_required = true});
  visitor.field("copy", o.copy, "copy signal files into the dataset instead of referring to them");
  visitor.field("mode", o.mode,
                "ssvep-exo: one trial an utterance, the fixed joined trials, or a speller's: rest "
                "is no text");
  visitor.field("window_start_s", o.window_start_s, "start of a trial's window after its cue [s]",
                at_least(0), {.flag = "window-start"});
  visitor.field("window_length_s", o.window_length_s, "length of a trial's window [s]", above(0),
                {.flag = "window-length"});
  visitor.part("recordings", o.recordings);
  visitor.part("text_rule", o.text_rule);
  visitor.group("Signal contract (applied whenever the dataset is loaded)");
  visitor.field("resample_hz", o.resample_hz,
                "resample recordings to this rate as they are loaded [Hz], 0: refuse other rates",
                at_least(0), {.flag = "resample"});
  visitor.field("bandpass_hz", o.bandpass_hz, "low,high edge [Hz]", at_least(0),
                {.flag = "bandpass"});
  visitor.field("bandpass_order", o.bandpass_order, "Butterworth order", at_least(1));
  visitor.field("notch_hz", o.notch_hz, "mains frequency to remove [Hz], 0: none", at_least(0),
                {.flag = "notch"});
  visitor.field("ref_electrode", o.ref_electrode, "'average' or a channel name");
  visitor.field("normalize", o.normalize,
                "fit mean and deviation per channel on the training part");
  visitor.field("window_norm", o.window_norm,
                "normalise each utterance by itself instead of by a fit");
  visitor.field(
      "strict", o.strict,
      "any unusable utterance or row of a table, and any warning about a recording, is an error");
  visitor.part("split", o.split);
}

void validate(const ImportOptions& o) {
  check_fields(o);
  require_field(o.bandpass_hz.empty() || o.bandpass_hz.size() == 2, "bandpass_hz",
                "takes two edges, low,high; {} given", o.bandpass_hz.size());
  check_format(o);
}

}  // namespace nest::data
