#include "nest/data/import.h"

#include <array>
#include <map>

#include "data/importers.h"
#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/flags.h"
#include "nest/core/log.h"
#include "nest/data/splits.h"

namespace nest::data {
namespace {

struct Importer {
  std::string_view name;
  Imported (*run)(const ImportOptions&, const Job&);
};

constexpr std::array kImporters = {
    Importer{"ssvep-exo", import_ssvep_exo}, Importer{"edf-annotations", import_edf_annotations},
    Importer{"feis", import_feis},           Importer{"cvep", import_cvep},
    Importer{"zuco", import_zuco},
};

std::vector<std::string> importer_names() {
  std::vector<std::string> names;
  for (const Importer& importer : kImporters) names.emplace_back(importer.name);
  return names;
}

bool is_inside(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const auto relative = std::filesystem::relative(file, folder);
  return !relative.empty() && *relative.begin() != "..";
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
        fs::create_directories(out / "signals");
        target = (fs::path("signals") / source.filename()).string();
        write_bytes_file(out / target, MappedFile::open(source)->bytes());
      } else if (source.is_absolute()) {
        target = source.string();
      } else {
        target = fs::relative(source, out).string();
      }
    }
    utterance.signal = target;
  }
}

bool draws_splits(const SplitOptions& split) {
  return split.validation_fraction > 0 || split.test_fraction > 0 || !split.train.empty() ||
         !split.validation.empty() || !split.test.empty();
}

}  // namespace

void register_flags(Flags& flags, ImportOptions& options) {
  flags.add("format", options.format, "what the input is").required().choices(importer_names());
  flags.add("in", options.in, "folder or file to import").required();
  flags.add("out", options.out, "dataset folder to write").required();
  flags.add("copy", options.copy,
            "copy signal files into the dataset instead of referring to them");
  flags.add("mode", options.mode, "ssvep-exo: one trial an utterance, or the fixed joined trials")
      .choices({"trials", "utterances"});
  flags.add("window-start", options.window_start_s, "start of a trial's window after its cue [s]");
  flags.add("window-length", options.window_length_s, "length of a trial's window [s]");
  flags.group("Signal contract (applied whenever the dataset is loaded)");
  flags.add("resample", options.resample_hz,
            "resample recordings to this rate as they are loaded [Hz], 0: refuse other rates");
  flags.add("bandpass", options.bandpass_hz, "low,high edge [Hz]");
  flags.add("bandpass-order", options.bandpass_order, "Butterworth order");
  flags.add("notch", options.notch_hz, "mains frequency to remove [Hz], 0: none");
  flags.add("ref-electrode", options.ref_electrode, "'average' or a channel name");
  flags.add("normalize", options.normalize,
            "fit mean and deviation per channel on the training part");
  flags
      .add("window-norm", options.window_norm,
           "normalise each utterance by itself instead of by a fit")
      .choices({"none", "zscore", "robust", "whiten"});
  flags.add("strict", options.strict, "any unusable utterance is an error");
  register_flags(flags, options.split);
}

void validate(const ImportOptions& options) {
  require(options.window_length_s > 0 && options.window_start_s >= 0, ErrorCode::kInvalidArgument,
          "--window-length {} must be above 0 and --window-start {} not negative",
          options.window_length_s, options.window_start_s);
  require(options.bandpass_hz.empty() || options.bandpass_hz.size() == 2,
          ErrorCode::kInvalidArgument, "--bandpass takes two edges, low,high; {} given",
          options.bandpass_hz.size());
  require(options.resample_hz >= 0, ErrorCode::kInvalidArgument,
          "--resample {} Hz: give a positive rate, or 0 for none", options.resample_hz);
  validate(options.split);
}

Json to_json(const ImportOptions& o) {
  return {{"format", o.format},
          {"in", o.in},
          {"out", o.out},
          {"copy", o.copy},
          {"mode", o.mode},
          {"window_start_s", o.window_start_s},
          {"window_length_s", o.window_length_s},
          {"split", to_json(o.split)},
          {"resample_hz", o.resample_hz},
          {"bandpass_hz", o.bandpass_hz},
          {"bandpass_order", o.bandpass_order},
          {"notch_hz", o.notch_hz},
          {"ref_electrode", o.ref_electrode},
          {"normalize", o.normalize},
          {"window_norm", o.window_norm},
          {"strict", o.strict}};
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
  Imported imported;
  bool is_known = false;
  for (const Importer& importer : kImporters) {
    if (importer.name != options.format) continue;
    imported = importer.run(options, job);
    is_known = true;
  }
  require(is_known, ErrorCode::kInvalidArgument, "unknown import format '{}'", options.format);
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
  contract.normalization = graph::normalization_from_name(options.window_norm);
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
  if (options.normalize && options.window_norm == "none" && !dataset.select(train).empty()) {
    dataset.fit_normalization("train", job);
  }
  dataset.write(options.out);
  return dataset;
}

}  // namespace nest::data
