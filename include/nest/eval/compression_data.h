#pragma once

#include <memory>
#include <string>

#include "nest/compress/fine_tune_options.h"
#include "nest/compress/prune.h"
#include "nest/compress/quantize.h"
#include "nest/core/job.h"
#include "nest/eval/eval_set.h"
#include "nest/recognize/bundle.h"

/// What compress asks of a dataset: signals to look at, errors to keep small.
namespace nest::eval {

struct QuantizeDataOptions {
  EvalSetOptions scored = {};          ///< what the errors are of
  SampleOptions calibration = {};      ///< signals that show how large activations become
  int sensitivity_utterances = 16;     ///< of the calibration, to order layers
  std::string search_split = "valid";  ///< whose errors max_cer_increase limits
};

/// Runs and measures a model for compress::quantize() on a dataset; what a method does not ask for
/// is not loaded. State: one thread; outlives the functions, as bundle and model outlive it.
class QuantizeData {
 public:
  /// `options.calibration.data` empty: methods that need signals end with a FieldError.
  QuantizeData(const QuantizeDataOptions& options, const recognize::Bundle& bundle,
               const graph::Model& model, const Job& job);
  ~QuantizeData();
  compress::QuantizeFunctions functions();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The split whose errors choose between models, never "test": `asked`, or for "auto" valid or
/// validation, whichever has utterances, else the training's own.
std::string search_split(const std::string& folder, const std::string& asked,
                         const std::string& training);

struct PruneDataOptions {
  std::string data = {};       ///< dataset folder; empty: none
  EvalSetOptions scored = {};  ///< what the errors are of
  int probe_utterances = 50;   ///< on how many layers, iterations and activations are measured
};

/// The tools of compress::prune_model() that need no training: errors on the validation split
/// (never "test": the training's own, else "valid" or "validation", else the training split), and,
/// where the criterion is kActivation, norms of what goes into every product. None without data.
/// Errors: those of open_eval_set(). The tools': Interrupted.
compress::PruneTools prune_tools(const PruneDataOptions& options,
                                 compress::PruneCriterion criterion,
                                 const compress::FineTuneOptions& training,
                                 const recognize::Bundle& bundle, const graph::Model& model,
                                 const Job& job);

/// Errors: FieldError of `data` where a method, criterion or training needs one that is not there.
void check_prune_data(const PruneDataOptions& options, const compress::PruneOptions& prune,
                      const compress::FineTuneOptions& training);

}  // namespace nest::eval
