#include "nest/data/dataset.h"

#include <algorithm>
#include <atomic>

#include "data/recording_cache.h"
#include "data/signal_loader.h"
#include "nest/contract/processor.h"
#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::data {
namespace {

constexpr std::size_t kOpenFiles = 128;

}  // namespace

EnumTable enum_table(Check /*of*/) {
  static constexpr EnumName kNames[] = {
      {Check::kManifest, "manifest"}, {Check::kHeaders, "headers"}, {Check::kSamples, "samples"}};
  return {"check of a dataset", kNames};
}

void visit_fields(FieldVisitor& visitor, DatasetOptions& o) {
  visitor.field("check", o.check, "what is looked at when the dataset is opened");
  visitor.field("strict", o.strict, "any problem is an error");
  visitor.field("resample", o.resample, "resample files of another rate as they are read");
}

void visit_fields(FieldVisitor& visitor, LoadOptions& o) {
  visitor.field("filter", o.filter, "reference electrode, band-pass and notch of the contract");
  visitor.field("normalize", o.normalize, "normalisation of the contract");
}

struct Dataset::State {
  explicit State(FileWarnings warnings) : cache(kOpenFiles, warnings) {}

  std::filesystem::path folder;
  DatasetInfo info;
  std::vector<Utterance> utterances;
  std::vector<std::size_t> lines;
  std::vector<Problem> problems;
  bool strict_files = false;
  mutable RecordingCache cache;
  mutable std::atomic<bool> told_names{false};
  mutable std::atomic<bool> told_amplitude{false};

  std::shared_ptr<const io::Recording> recording(const Utterance& utterance) const {
    io::OpenOptions options;
    options.stream = utterance.stream;
    options.rate_hz = info.file_rate_hz > 0 ? info.file_rate_hz : info.signal.rate_hz;
    options.strict = strict_files;
    try {
      return cache.open(folder / utterance.signal, options);
    } catch (const Error& error) {
      const bool is_absent = error.code() == ErrorCode::kNotFound;
      const auto kind = !is_absent ? ProblemKind::kUnreadable
                        : std::filesystem::exists(folder / utterance.signal)
                            ? ProblemKind::kMissingChannel  // the stream that the line names
                            : ProblemKind::kMissingFile;
      throw ProblemError(kind, error.code(), error.what(), error.where());
    }
  }

  contract::SourceMatch match(const Utterance& utterance, const io::RecordingInfo& of) const {
    return match_recording(of, info, utterance.signal);
  }

  /// Once a dataset, since its files are alike.
  void tell(std::atomic<bool>& told, const std::string& warning) const {
    if (!warning.empty() && !told.exchange(true)) log_warn("{}", warning);
  }

  // Ranges with "to the end" made explicit.
  std::vector<SampleRange> ranges(const Utterance& utterance, const io::RecordingInfo& of) const {
    std::vector<SampleRange> result = utterance.ranges;
    for (SampleRange& range : result) {
      if (range.num_samples < 0) range.num_samples = of.num_samples - range.first_sample;
      if (range.num_samples > 0 && range.first_sample + range.num_samples <= of.num_samples) {
        continue;
      }
      throw ProblemError(
          ProblemKind::kBadRange, ErrorCode::kInvalidArgument,
          fmt::format("samples [{}, {}) leave the recording of {} samples", range.first_sample,
                      range.first_sample + range.num_samples, of.num_samples));
    }
    return result;
  }
};

Dataset::Dataset(std::filesystem::path folder, DatasetInfo info, std::vector<Utterance> utterances,
                 FileWarnings warnings)
    : state_(std::make_unique<State>(warnings)) {
  state_->folder = std::move(folder);
  state_->info = std::move(info);
  state_->utterances = std::move(utterances);
  for (std::size_t i = 0; i < state_->utterances.size(); ++i) state_->lines.push_back(i + 1);
}
Dataset::~Dataset() = default;
Dataset::Dataset(Dataset&&) noexcept = default;
Dataset& Dataset::operator=(Dataset&&) noexcept = default;

const std::filesystem::path& Dataset::folder() const {
  return state_->folder;
}
const DatasetInfo& Dataset::info() const {
  return state_->info;
}
std::size_t Dataset::size() const {
  return state_->utterances.size();
}
const std::vector<Utterance>& Dataset::utterances() const {
  return state_->utterances;
}
const std::vector<Problem>& Dataset::problems() const {
  return state_->problems;
}

const Utterance& Dataset::utterance(std::size_t index) const {
  require(index < size(), ErrorCode::kInvalidArgument, "utterance {} of {}", index, size());
  return state_->utterances[index];
}

Dataset Dataset::open(const std::filesystem::path& folder, const DatasetOptions& options) {
  const auto info_path = folder / "dataset.json";
  require(std::filesystem::exists(info_path), ErrorCode::kNotFound,
          "{}: no dataset.json: make one with nest import", folder.string());
  DatasetInfo info =
      with_context(folder.string(), [&] { return dataset_info_from_json(load_json(info_path)); });
  info.resample = info.resample || options.resample;
  Manifest manifest = read_manifest(folder / "manifest.jsonl");
  for (Utterance& utterance : manifest.utterances) {
    utterance.text = text::spelled(info.text_rule, utterance.text);
  }
  Dataset all(folder, std::move(info), std::move(manifest.utterances));
  State& state = *all.state_;
  state.strict_files = options.strict_files;
  state.lines = manifest.lines;
  state.problems = std::move(manifest.problems);
  if (options.check != Check::kManifest) {
    std::vector<Utterance> usable;
    std::vector<std::size_t> lines;
    for (std::size_t i = 0; i < state.utterances.size(); ++i) {
      const auto found = check_utterance(all, i, options.check == Check::kSamples);
      if (found.empty()) {
        usable.push_back(state.utterances[i]);
        lines.push_back(state.lines[i]);
      }
      for (Problem problem : found) {
        problem.line = state.lines[i];
        state.problems.push_back(std::move(problem));
      }
    }
    state.utterances = std::move(usable);
    state.lines = std::move(lines);
  }
  if (!state.problems.empty() && (options.strict || state.utterances.empty())) {
    const Problem& first = state.problems.front();
    fail(ErrorCode::kDataCorrupt,
         "{}: {} of {} utterances have problems; the first: line {} ({}): {}",
         (folder / "manifest.jsonl").string(), state.problems.size(),
         state.problems.size() + state.utterances.size(), first.line, name_of(first.kind),
         first.message);
  }
  require(!state.utterances.empty(), ErrorCode::kDataCorrupt, "{}: the manifest is empty",
          (folder / "manifest.jsonl").string());
  return all;
}

std::vector<std::size_t> Dataset::select(const Selection& selection) const {
  std::vector<std::size_t> indices;
  const auto fits = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || wanted == value;
  };
  for (std::size_t i = 0; i < size(); ++i) {
    const Utterance& u = state_->utterances[i];
    if (fits(selection.split, u.split) && fits(selection.subject, u.subject) &&
        fits(selection.session, u.session)) {
      indices.push_back(i);
    }
  }
  return indices;
}

std::int64_t Dataset::num_samples(std::size_t index) const {
  const Utterance& u = utterance(index);
  const auto is_open_ended = [](const SampleRange& range) { return range.num_samples < 0; };
  std::int64_t total = 0;
  if (!info().resample && std::none_of(u.ranges.begin(), u.ranges.end(), is_open_ended)) {
    for (const SampleRange& range : u.ranges) total += range.num_samples;
    return total;
  }
  const auto recording = state_->recording(u);
  const io::RecordingInfo& about = recording->info();
  const signal::ResampleRatio ratio = state_->match(u, about).ratio;
  for (const SampleRange& range : state_->ranges(u, about)) {
    total +=
        plan_range(segment_of(about, range.first_sample, range.num_samples), range, ratio, 0, 0)
            .samples;
  }
  return total;
}

Tensor Dataset::load_signal(std::size_t index, const LoadOptions& options) const {
  const Utterance& u = utterance(index);
  return with_context(fmt::format("utterance {}", u.id), [&] {
    const auto recording = state_->recording(u);
    const contract::SourceMatch match = state_->match(u, recording->info());
    if (!match.warnings.empty()) state_->tell(state_->told_names, match.warnings.front());
    const graph::SignalContract& contract = state_->info.signal;
    const auto ranges = state_->ranges(u, recording->info());
    Tensor signal(DType::kF32, {contract.num_channels, num_samples(index)});
    std::int64_t column = 0;
    for (const SampleRange& range : ranges) {
      const LoadedRange loaded =
          load_range(*recording, match, state_->info, range, options, signal, column);
      column += loaded.samples;
      state_->tell(state_->told_amplitude, loaded.warning);
    }
    if (options.normalize) {
      signal::normalize_window(contract::window_norm(contract), signal.mutable_data<float>(),
                               signal.dim(0));
    }
    return signal;
  });
}

std::vector<Problem> check_utterance(const Dataset& dataset, std::size_t index, bool samples) {
  const Utterance& u = dataset.utterance(index);
  const Dataset::State& state = *dataset.state_;
  try {
    const auto recording = state.recording(u);
    const io::RecordingInfo& info = recording->info();
    state.match(u, info);
    for (const SampleRange& range : state.ranges(u, info)) {
      segment_of(info, range.first_sample, range.num_samples);
    }
    if (samples) dataset.load_signal(index, {.filter = false, .normalize = false});
  } catch (const Error& error) {
    return {{index + 1, u.id, problem_kind(error), error.what()}};
  }
  return {};
}

void Dataset::set_normalization(std::vector<double> mean, std::vector<double> stddev, Json fit) {
  graph::SignalContract& contract = state_->info.signal;
  contract.normalization = graph::Normalization::kFixed;
  contract.mean = std::move(mean);
  contract.stddev = std::move(stddev);
  state_->info.normalization_fit = std::move(fit);
}

void Dataset::write_info() const {
  write_text_file(folder() / "dataset.json", to_json(info()).dump(2) + "\n");
}

void Dataset::write(const std::filesystem::path& folder) const {
  write_manifest(folder / "manifest.jsonl", utterances());
  write_text_file(folder / "dataset.json", to_json(info()).dump(2) + "\n");
}

}  // namespace nest::data
