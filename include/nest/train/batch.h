#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "nest/core/options_fwd.h"
#include "nest/core/rng.h"
#include "nest/data/training_options.h"
#include "nest/train/source.h"

namespace nest::train {

/// A padded batch. Lengths are int64 on the CPU.
struct Batch {
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  std::vector<std::vector<SaidSpan>> said;  ///< of each item, see Example
  torch::Tensor signal;         ///< float32 [B, C, T]; windows: [windows of all items, C, T]
  torch::Tensor lengths;        ///< samples of each row of `signal`
  torch::Tensor tokens;         ///< int64 [B, U], zero behind an item's end
  torch::Tensor token_lengths;  ///< [B]
  /// Windows (train/windows.h): of the encoder's frames of all windows those of each item, in
  /// order, -1 behind its end; int64 [B, F]. Undefined: a row of `signal` is an item.
  torch::Tensor window_frames;

  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
};

/// Pads examples to a batch. Errors: InvalidArgument for none, or for different channel counts.
Batch make_batch(const std::vector<Example>& examples);

/// One utterance of an epoch: an example, or several of one subject to be joined.
struct PlanItem {
  std::vector<std::size_t> parts;
  std::int64_t num_samples = 0;
};

struct PlanOptions {
  std::int64_t batch_size = 16;
  std::int64_t bucket_batches = 16;  ///< batches that are sorted by length together; 0: no sorting
  std::uint64_t seed = 0;
  data::AugmentOptions augment;
};
void visit_fields(FieldVisitor& visitor, PlanOptions& options);

/// The batches of one epoch: utterances of similar length together, in random order.
///
/// A function of (source, options, epoch) alone, so a resumed run sees the same batches.
std::vector<std::vector<PlanItem>> plan_epoch(const Source& source, const PlanOptions& options,
                                              std::int64_t epoch);
/// Every example once in order, without changes: for validation.
std::vector<std::vector<PlanItem>> plan_in_order(const Source& source, std::int64_t batch_size);

/// Loads an item; with `rng` it is augmented.
Example load_item(const Source& source, const PlanItem& item, const data::AugmentOptions& options,
                  Rng* rng);

}  // namespace nest::train
