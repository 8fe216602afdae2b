#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/core/tensor.h"
#include "nest/data/manifest.h"
#include "nest/graph/model.h"
#include "nest/text/text_rule.h"

namespace nest::data {

/// dataset.json: what every signal of a dataset is like.
struct DatasetInfo {
  std::string name;
  std::string description;  ///< origin, licence, what the labels mean
  graph::SignalContract signal;
  /// How the texts are spelled; Dataset::open spells them so, and models trained on them keep it.
  text::TextRule text_rule;
  /// Files that state no unit (NPY): value in volts = gain * stored + offset.
  double file_gain = 1;
  double file_offset = 0;
  double file_rate_hz = 0;  ///< rate of files that state none (NPY); 0: the contract's
  /// Files of another rate are resampled to the contract's as they are read, causally; else they
  /// are problems ("wrong-rate"). Ranges count samples of the file either way.
  bool resample = false;
  /// Where the contract's mean and stddev come from; null until fitted (see fit_normalization).
  Json normalization_fit;
};
Json to_json(const DatasetInfo& info);
DatasetInfo dataset_info_from_json(const Json& json);

enum class Check {
  kManifest,  ///< the manifest only
  kHeaders,   ///< also open every file: rate, channels, unit, ranges, gaps
  kSamples,   ///< also read every sample: NaN and infinities
};

EnumTable enum_table(Check of);  ///< "manifest", "headers", "samples"

struct DatasetOptions {
  Check check = Check::kHeaders;
  bool strict = false;        ///< any problem is an error that counts them and states the first
  bool strict_files = false;  ///< a recording that opens with warnings is a problem
  bool resample = false;      ///< as DatasetInfo::resample, whatever dataset.json says
};
void visit_fields(FieldVisitor& visitor, DatasetOptions& options);

struct LoadOptions {
  bool filter = true;     ///< the contract's reference electrode, band-pass and notch
  bool normalize = true;  ///< the contract's normalisation
};
void visit_fields(FieldVisitor& visitor, LoadOptions& options);

/// Whether opening a dataset's recordings says what their files depart from.
enum class FileWarnings {
  kLogged,  ///< once a file, as one line
  kKnown,   ///< they have been said
};

/// Empty strings select everything.
struct Selection {
  std::string split;
  std::string subject;
  std::string session;
};

/// A dataset folder: manifest.jsonl and dataset.json. Signals stay in their files until loaded.
///
/// Utterances with a problem are left out of utterances() and listed in problems().
/// State: thread-safe; a bounded number of files is kept open.
class Dataset {
 public:
  /// Errors: NotFound, Io; DataCorrupt for a broken dataset.json, for no usable utterance, and with
  /// `strict` for any problem.
  static Dataset open(const std::filesystem::path& folder, const DatasetOptions& options = {});
  /// A dataset in memory, e.g. before it is written; paths are relative to `folder`.
  Dataset(std::filesystem::path folder, DatasetInfo info, std::vector<Utterance> utterances,
          FileWarnings warnings = FileWarnings::kLogged);
  ~Dataset();
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;

  const std::filesystem::path& folder() const;
  const DatasetInfo& info() const;
  std::size_t size() const;
  const Utterance& utterance(std::size_t index) const;
  const std::vector<Utterance>& utterances() const;
  const std::vector<Problem>& problems() const;

  /// Indices in manifest order.
  std::vector<std::size_t> select(const Selection& selection) const;

  /// [channels, samples] float32 in the contract's unit and channel order: what
  /// contract::ContractProcessor makes of the recording, as a stream would.
  ///
  /// It runs in over the samples before the range, at most kLeadInSeconds (and five time constants
  /// of running normalisation) and not over a gap; each joined range by itself. Errors: DataCorrupt
  /// for NaN or infinity (utterance, channel, sample); those of the file.
  Tensor load_signal(std::size_t index, const LoadOptions& options = {}) const;
  static constexpr double kLeadInSeconds = 10;
  /// Samples load_signal gives, without reading them.
  std::int64_t num_samples(std::size_t index) const;

  /// Fits mean and standard deviation per channel over the filtered signals of one split, in
  /// constant memory (Welford 1962), and sets the contract to "fixed" normalisation. The record of
  /// what was used (split, ids and their hash, counts) goes into info().normalization_fit.
  /// Errors: InvalidArgument if the split is empty or named "test"; Interrupted.
  void fit_normalization(const std::string& split = "train", const Job& job = {});

  /// Writes manifest.jsonl, then dataset.json; each atomic. Relative signal paths stay as they are.
  void write(const std::filesystem::path& folder) const;
  void write_info() const;

 private:
  struct State;
  void set_normalization(std::vector<double> mean, std::vector<double> stddev, Json fit);
  friend std::vector<Problem> check_utterance(const Dataset& dataset, std::size_t index,
                                              bool samples);
  std::unique_ptr<State> state_;
};

/// The problems of a signal against a contract, found by opening it (and reading it if `samples`).
std::vector<Problem> check_utterance(const Dataset& dataset, std::size_t index, bool samples);

}  // namespace nest::data
