#include "nest/data/import.h"

#include <map>

#include "data/importers.h"
#include "data/place_signals.h"
#include "data/spell.h"
#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/data/splits.h"

namespace nest::data {
namespace {

Imported import_with(const ImportOptions& options, const Job& job) {
  switch (options.format) {
    case ImportFormat::kAnnotations:
      return import_annotations(options, job);
    case ImportFormat::kBids:
      return import_bids(options, job);
    case ImportFormat::kSsvepExo:
      return import_ssvep_exo(options, job);
    case ImportFormat::kFeis:
      return import_feis(options, job);
    case ImportFormat::kCvep:
      return import_cvep(options, job);
    case ImportFormat::kZuco:
      return import_zuco(options, job);
  }
  fail(ErrorCode::kInternal, "no importer for {}", name_of(options.format));
}

/// The utterances whose headers are as the contract wants them; one warning a file says what was
/// left out of it.
std::vector<Utterance> usable_of(const ImportOptions& options, const Imported& imported,
                                 const Job& job) {
  const bool is_told =  // by the importers that open every recording
      options.format == ImportFormat::kAnnotations || options.format == ImportFormat::kBids;
  const Dataset unchecked(options.out, imported.info, imported.utterances,
                          is_told ? FileWarnings::kKnown : FileWarnings::kLogged);
  std::vector<Utterance> usable;
  std::map<std::string, std::vector<Problem>> problems;  // by signal
  std::size_t num_problems = 0;
  for (std::size_t i = 0; i < unchecked.size(); ++i) {
    job.check_stop(kImportRemedy);
    const Utterance& utterance = unchecked.utterance(i);
    const std::vector<Problem> found = check_utterance(unchecked, i, false);
    if (found.empty()) usable.push_back(utterance);
    for (const Problem& problem : found) {
      require(!options.strict, ErrorCode::kDataCorrupt, "{}: {}", problem.id, problem.message);
      problems[utterance.signal].push_back(problem);
      ++num_problems;
    }
  }
  for (const auto& [signal, found] : problems) {
    const Problem& first = found.front();
    log_warn("{}: {} utterance{} left out; {} ({}): {}", signal, found.size(),
             found.size() == 1 ? "" : "s", first.id, name_of(first.kind), first.message);
  }
  require(!usable.empty(), ErrorCode::kDataCorrupt, "{}: none of {} utterances is usable{}",
          options.in, unchecked.size(),
          problems.empty() ? "" : "; " + problems.begin()->second.front().message);
  if (num_problems > 0) {
    log_warn("{} of {} utterances left out, of {} files", num_problems, unchecked.size(),
             problems.size());
  }
  return usable;
}

}  // namespace

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
  imported.info.text_rule = options.text_rule;
  spell(options.text_rule, imported.utterances);
  if (draws_splits(options.split)) {
    for (const std::string& line : assign_splits(imported.utterances, options.split)) {
      log_warn("{}", line);
    }
  }
  place_signals(options.out, options.copy ? Placement::kCopy : Placement::kInPlace,
                imported.utterances);
  std::vector<Utterance> usable = usable_of(options, imported, job);
  Dataset dataset(options.out, std::move(imported.info), std::move(usable), FileWarnings::kKnown);
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
