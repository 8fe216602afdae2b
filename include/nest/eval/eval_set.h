#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/options_fwd.h"
#include "nest/core/tensor.h"
#include "nest/data/dataset.h"
#include "nest/data/manifest.h"
#include "nest/data/problem.h"
#include "nest/graph/model.h"

namespace nest::eval {

/// An utterance that could not be evaluated, and why.
struct Failure {
  std::string id;
  std::string subject;
  std::string session;
  data::ProblemKind kind = data::ProblemKind::kUnreadable;
  std::string message;
  bool operator==(const Failure&) const = default;
};
Json to_json(const Failure& failure);
Failure failure_from_json(const Json& json);

/// Part `index` of `count`: every count-th utterance from `index` on.
struct Shard {
  std::size_t index = 0;
  std::size_t count = 1;
};
/// "2/4" is the second of four parts. Errors: InvalidArgument.
Shard shard_from_name(std::string_view name);

/// What every signal of a set is like.
struct SetInfo {
  std::string name;
  std::string split;
  double rate_hz = 0;  ///< 0: unknown, then times and real-time factors are unknown too
  std::vector<std::string> channels;
  bool operator==(const SetInfo&) const = default;
};
Json to_json(const SetInfo& info);
SetInfo set_info_from_json(const Json& json);

/// What is evaluated: utterances in a fixed order, signals loaded when needed.
struct EvalSet : SetInfo {
  std::vector<data::Utterance> utterances;
  std::vector<std::size_t> positions;  ///< of each in the whole set; kept when sharded
  /// [channels, samples] float32 of utterances[i]; thread-safe. Errors: those of the file.
  std::function<Tensor(std::size_t)> load;
  std::vector<Failure> failures;  ///< found before any signal was decoded

  /// Utterances of one part. Failures go with the first part, so that merging counts them once.
  EvalSet part(const Shard& shard) const;
  /// At most `count` utterances, evenly spaced; no failures.
  EvalSet spread(std::size_t count) const;
};

struct EvalSetOptions {
  std::string split = "test";
  std::string subject;  ///< empty: all
  std::string session;
  /// Recordings of another rate are resampled to the contract's as they are read.
  bool resample = false;
  bool strict_files = false;  ///< a recording that opens with warnings is a failure
};
void visit_fields(FieldVisitor& visitor, EvalSetOptions& options);

/// Some utterances of one split: the signals that a calibration is shown.
struct SampleOptions {
  std::string data = {};  ///< dataset folder; empty: none
  std::string split = "train";
  int utterances = 100;  ///< evenly spaced over the split
};
void visit_fields(FieldVisitor& visitor, SampleOptions& options);
/// Errors: those of open_eval_set; FieldError.
EvalSet open_sample(const SampleOptions& options, const graph::SignalContract& contract = {});

/// The utterances of one split, seen through the model's own signal contract if it has one.
///
/// Errors: those of data::Dataset::open; DataCorrupt if the split is empty or if rate or channels
/// of the data cannot meet the contract.
EvalSet open_eval_set(const std::string& folder, const EvalSetOptions& options,
                      const graph::SignalContract& contract = {});
/// With the model's signal contract, and references spelled as the texts it learned from.
EvalSet open_eval_set(const std::string& folder, const EvalSetOptions& options,
                      const graph::Model& model);

/// Errors: DataCorrupt that names both sides for another rate (unless `resample`), missing
/// channels, another count of channels or another unit.
void require_compatible(const graph::SignalContract& model, const graph::SignalContract& data,
                        bool resample = false);

}  // namespace nest::eval
