#include "nest/data/import.h"

#include <map>

#include "data/importers.h"
#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/core/utf8.h"
#include "nest/data/splits.h"

namespace nest::data {
namespace {

Imported import_with(const ImportOptions& options, const Job& job) {
  switch (options.format) {
    case ImportFormat::kSsvepExo:
      return import_ssvep_exo(options, job);
    case ImportFormat::kAnnotations:
      return import_edf_annotations(options, job);
    case ImportFormat::kFeis:
      return import_feis(options, job);
    case ImportFormat::kCvep:
      return import_cvep(options, job);
    case ImportFormat::kZuco:
      return import_zuco(options, job);
  }
  fail(ErrorCode::kInternal, "no importer for {}", name_of(options.format));
}

bool is_inside(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const auto relative = std::filesystem::relative(file, folder);
  return !relative.empty() && *relative.begin() != "..";
}

// With what it needs beside it, which refers to its files by name.
std::string copy_signal(const std::filesystem::path& source, const std::filesystem::path& out) {
  namespace fs = std::filesystem;
  const auto copy = [&](const fs::path& file) {
    const fs::path target = fs::path("signals") / file.filename();
    write_bytes_file(out / target, MappedFile::open(file)->bytes());
    return target.string();
  };
  for (const fs::path& file : io::companion_files(source)) copy(file);
  return copy(source);
}

// In place: relative to the dataset's folder if the file is in it or the caller gave relative
// paths, else absolute.
void place_signals(const ImportOptions& options, std::vector<Utterance>& utterances) {
  namespace fs = std::filesystem;
  const fs::path out = options.out;
  fs::create_directories(out);  // "out/../recording.edf" exists only if out does
  std::map<std::string, std::string> placed;
  for (Utterance& utterance : utterances) {
    std::string& target = placed[utterance.signal];
    if (target.empty()) {
      const fs::path source = utterance.signal;
      if (is_inside(source, out)) {
        target = fs::relative(source, out).string();
      } else if (options.copy) {
        target = copy_signal(source, out);
      } else if (source.is_absolute()) {
        target = source.string();
      } else {
        target = fs::relative(source, out).string();
      }
    }
    require(is_utf8(target), ErrorCode::kInvalidArgument,
            "{}: the name is no UTF-8, so a manifest cannot hold it; rename the file",
            utf8_or_latin1(target));
    utterance.signal = target;
  }
}

bool draws_splits(const SplitOptions& split) {
  return split.validation_fraction > 0 || split.test_fraction > 0 || !split.train.empty() ||
         !split.validation.empty() || !split.test.empty();
}

}  // namespace

EnumTable enum_table(ImportFormat /*of*/) {
  static constexpr EnumName kNames[] = {{ImportFormat::kAnnotations, "annotations"},
                                        {ImportFormat::kAnnotations, "edf-annotations"},
                                        {ImportFormat::kSsvepExo, "ssvep-exo"},
                                        {ImportFormat::kFeis, "feis"},
                                        {ImportFormat::kCvep, "cvep"},
                                        {ImportFormat::kZuco, "zuco"}};
  return {"import format", kNames};
}

EnumTable enum_table(TrialMode /*of*/) {
  static constexpr EnumName kNames[] = {{TrialMode::kTrials, "trials"},
                                        {TrialMode::kUtterances, "utterances"}};
  return {"mode of trials", kNames};
}

void visit_fields(FieldVisitor& visitor, ImportOptions& o) {
  visitor.field("format", o.format, "what the input is", {}, {.is_required = true});
  visitor.field("in", o.in, "folder or file to import", {}, {.is_required = true});
  visitor.field("out", o.out, "dataset folder to write", {},
                {.flag = "output", .is_required = true});
  visitor.field("copy", o.copy, "copy signal files into the dataset instead of referring to them");
  visitor.field("mode", o.mode, "ssvep-exo: one trial an utterance, or the fixed joined trials");
  visitor.field("window_start_s", o.window_start_s, "start of a trial's window after its cue [s]",
                at_least(0), {.flag = "window-start"});
  visitor.field("window_length_s", o.window_length_s, "length of a trial's window [s]", above(0),
                {.flag = "window-length"});
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
  visitor.field("strict", o.strict,
                "any unusable utterance, and any warning about a recording, is an error");
  visitor.part("split", o.split);
}

void validate(const ImportOptions& o) {
  check_fields(o);
  require_field(o.bandpass_hz.empty() || o.bandpass_hz.size() == 2, "bandpass_hz",
                "takes two edges, low,high; {} given", o.bandpass_hz.size());
}

std::shared_ptr<const io::Recording> open_for_import(const std::filesystem::path& file,
                                                     const ImportOptions& options) {
  io::OpenOptions open;
  open.strict = options.strict;
  auto recording = io::open_recording(file, open);
  const auto& warnings = recording->info().warnings;
  if (!warnings.empty()) log_warn("{}: {}", file.string(), fmt::join(warnings, "; "));
  return recording;
}

graph::SignalContract contract_of(const io::RecordingInfo& recording) {
  graph::SignalContract contract;
  contract.rate_hz = recording.rate_hz;
  for (const auto& channel : recording.channels) {
    contract.channels.push_back(contract::electrode_name(channel.name));
  }
  contract.num_channels = static_cast<std::int64_t>(contract.channels.size());
  return contract;
}

Dataset import_dataset(const ImportOptions& options, const Job& job) {
  validate(options);
  Imported imported = import_with(options, job);
  require(!imported.utterances.empty(), ErrorCode::kDataCorrupt, "{}: nothing to import",
          options.in);
  graph::SignalContract& contract = imported.info.signal;
  if (options.resample_hz > 0) {
    imported.info.file_rate_hz = contract.rate_hz;
    imported.info.resample = true;
    contract.rate_hz = options.resample_hz;
  }
  contract.bandpass_hz = options.bandpass_hz;
  contract.bandpass_order = options.bandpass_order;
  contract.notch_hz = options.notch_hz;
  contract.ref_electrode = options.ref_electrode;
  contract.normalization = from_name<graph::Normalization>(name_of(options.window_norm));
  if (draws_splits(options.split)) assign_splits(imported.utterances, options.split);
  place_signals(options, imported.utterances);
  const Dataset unchecked(options.out, imported.info, imported.utterances);
  std::vector<Utterance> usable;
  std::size_t problems = 0;
  for (std::size_t i = 0; i < unchecked.size(); ++i) {
    job.check_stop(kImportRemedy);
    const auto found = check_utterance(unchecked, i, false);
    if (found.empty()) usable.push_back(unchecked.utterance(i));
    problems += found.size();
    for (const Problem& problem : found) {
      require(!options.strict, ErrorCode::kDataCorrupt, "{}: {}", problem.id, problem.message);
      log_warn("left out: {} ({}): {}", problem.id, name_of(problem.kind), problem.message);
    }
  }
  require(!usable.empty(), ErrorCode::kDataCorrupt, "{}: none of {} utterances is usable",
          options.in, problems);
  Dataset dataset(options.out, std::move(imported.info), std::move(usable));
  Selection train;
  train.split = "train";
  if (options.normalize && options.window_norm == signal::WindowNorm::kNone &&
      !dataset.select(train).empty()) {
    dataset.fit_normalization("train", job);
  }
  dataset.write(options.out);
  return dataset;
}

}  // namespace nest::data
