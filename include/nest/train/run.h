#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/field.h"
#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/core/options_fwd.h"
#include "nest/data/dataset.h"
#include "nest/text/tokenizer.h"
#include "nest/train/trainer.h"

namespace nest::train {

/// What `nest train` is given besides TrainOptions.
struct RunOptions {
  std::string data;               ///< dataset folder
  std::vector<std::string> text;  ///< language model: text files instead of transcripts
  std::vector<std::string> validation_text;
  std::string config;                   ///< YAML with one map a model
  std::string model_key;                ///< which of them
  std::string out;                      ///< run folder
  std::string tokenizer = "character";  ///< character, word, bpe (trained on the training texts)
                                        ///< or a tokenizer file
  std::int64_t vocab_size = 1000;       ///< bpe and word: largest vocabulary
  std::string train_split = "train";
  std::string validation_split = "auto";  ///< auto: "validation" or "valid"; empty: none
  std::string init;                       ///< checkpoint whose weights are the start; empty: random
  std::string init_part = "all";          ///< all (fine-tuning), or one graph: "encoder"
  bool resume = false;                    ///< go on from OUT/last.pt as OUT/run.json says
  bool overwrite = false;                 ///< throw away the run that is in OUT
};
void visit_fields(FieldVisitor& visitor, RunOptions& options);
void validate(const RunOptions& options);

/// One split of a dataset as training examples. Signals are filtered and normalised by the
/// contract.
class DatasetSource : public Source {
 public:
  /// Both must outlive the source. Errors: InvalidArgument if the split has no utterance.
  DatasetSource(const data::Dataset& dataset, const std::string& split,
                const text::Tokenizer& tokenizer);

  std::size_t size() const override { return indices_.size(); }
  std::int64_t num_samples(std::size_t i) const override;
  std::string subject(std::size_t i) const override;
  Example load(std::size_t i) const override;
  signal::WindowNormOptions window_norm() const override;

 private:
  const data::Dataset& dataset_;
  const text::Tokenizer& tokenizer_;
  std::vector<std::size_t> indices_;
};

/// The name of the validation split: `asked`, or for "auto" validation or valid, whichever has
/// utterances; "" for none. Errors: InvalidArgument if a split that was asked for has none.
std::string find_validation(const data::Dataset& dataset, const std::string& asked);

/// Sentences as examples without a signal, for a language model; empty ones are left out.
/// Errors: InvalidArgument if there is none.
std::vector<Example> text_examples(const std::vector<std::string>& sentences,
                                   const text::Tokenizer& tokenizer);

/// The model of a configuration, fitted to a dataset: its channels, its sampling rate (EEGNet, if
/// the configuration leaves it open) and the tokenizer's vocabulary; weights drawn from `seed`.
graph::Model model_for(const RunOptions& options, const data::Dataset& dataset,
                       const text::Tokenizer& tokenizer, std::uint64_t seed);

/// The language model of a configuration over a tokenizer's tokens.
/// Errors: InvalidArgument if the tokenizer has no start or end token.
graph::Model language_model_for(const RunOptions& options, const text::Tokenizer& tokenizer,
                                std::uint64_t seed);

/// Sets what the configuration's `training` section names; its keys are those of TrainOptions and
/// of the Python project (scheduler, clip_grad_norm, early_stopping_patience, scheduler_params).
///
/// Fields in `given` (Flags::given()) are left as they are, even if they have their defaults.
/// Errors: as read_fields().
void apply_training_section(const Config& section, TrainOptions& options,
                            const FieldNames& given = {});

/// Greedy decoding of a split, scored: "wer" and "cer". `source` must outlive the validator.
Validator greedy_validator(const Source& source, std::shared_ptr<const text::Tokenizer> tokenizer);

/// Trains from a dataset folder (or, a language model, from text files) to a run folder; returns
/// the report. The configuration's `training` section holds for the options not in `given`.
/// Distributed if the launcher's variables say so (see placement_from_environment).
///
/// OUT/run.json keeps what the run was started with. With `resume` it holds for everything not in
/// `given`, and the model is that of last.pt; more epochs, another device, threads, max_steps and
/// early_stopping may be given. A run that left no last.pt (killed in its first epoch) begins anew,
/// with a warning. What cannot be trained on is named in the log and under "left_out".
/// Errors: InvalidArgument if OUT holds a run and neither `resume` nor `overwrite` is set, or for a
/// given option that cannot change within a run; those of Trainer and data::Dataset::open.
Json run_training(RunOptions run, TrainOptions options, const FieldNames& given = {},
                  const Job& job = {});

/// For people: how far run_training() came, its best epoch, and where the weights are.
std::string run_text(const Json& report, const std::string& out);

}  // namespace nest::train
