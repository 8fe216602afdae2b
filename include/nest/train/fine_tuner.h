#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "nest/compress/fine_tune_options.h"
#include "nest/core/job.h"
#include "nest/data/dataset.h"
#include "nest/text/tokenizer.h"
#include "nest/train/trainer.h"

namespace nest::train {

/// A dataset to train models of one vocabulary on, however small they have become.
///
/// State: not thread-safe; reads the splits once, when first needed.
class FineTuner {
 public:
  /// The options' train_data goes before `data`. `model` gives tokenizer and channels, and is the
  /// teacher if the options want one and name no other. Errors: FieldError; InvalidArgument if the
  /// model has no tokenizer, if the dataset has other channels or no utterance of a split; those of
  /// deploy::load_model() for a teacher.
  FineTuner(const std::filesystem::path& data, const graph::Model& model,
            const compress::FineTuneOptions& options);

  /// Trains all epochs and returns the best weights on the validation split (by CER; without one,
  /// by the training loss); `folder` is the run folder. With `steps`: the weights after the first
  /// so many. The learning rate falls to a hundredth over the epochs (cosine).
  ///
  /// A quantized model trains as its codes will compute (FakeQuantization); its batch norms go into
  /// their convolutions, and its scales are then those of the best weights. Errors: Interrupted.
  graph::Model train(const graph::Model& model, const TensorMap& masks,
                     const std::filesystem::path& folder, std::int64_t steps = 0,
                     const Job& job = {});

  /// Mean of |dL/dw| over the batches of the training split in evaluation mode, by weight: what
  /// compress::PruneStatistics::gradients takes.
  TensorMap gradients(const graph::Model& model, const Job& job = {});

 private:
  void read();

  compress::FineTuneOptions options_;
  data::Dataset dataset_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::optional<graph::Model> teacher_;
  std::string validation_split_;
  std::unique_ptr<Source> training_;
  std::unique_ptr<Source> validation_;  ///< null: none
};

}  // namespace nest::train
