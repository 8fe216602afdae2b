#include "nest/compress/input_norms.h"
#include "nest/core/field_error.h"
#include "nest/eval/compression_data.h"
#include "nest/eval/compression_report.h"
#include "nest/eval/summary.h"
#include "nest/recognize/observed_model.h"

namespace nest::eval {
namespace {

EvalSet probe_set(const PruneDataOptions& options, const std::string& split,
                  const graph::Model& model) {
  EvalSetOptions probed = options.scored;
  probed.split = split;
  return open_eval_set(options.data, probed, model)
      .spread(static_cast<std::size_t>(options.probe_utterances));
}

compress::PruneStatistics input_norms(const graph::Model& model, const EvalSet& set,
                                      const Job& job) {
  compress::InputNorms norms;
  recognize::ObservedModel observed(model, norms);
  Progress progress(job, "activations", static_cast<std::int64_t>(set.utterances.size()),
                    "signals");
  for (std::size_t i = 0; i < set.utterances.size(); ++i) {
    job.check_stop("nothing was written");
    observed.run(set.load(i));
    progress.advance();
  }
  return {.gradients = {}, .activations = norms.activations(model)};
}

}  // namespace

std::string search_split(const std::string& folder, const std::string& asked,
                         const std::string& training) {
  if (asked != "auto" && !asked.empty()) return asked;
  const data::Dataset dataset = data::Dataset::open(folder);
  for (const char* name : {"valid", "validation"}) {
    if (!dataset.select({name, "", ""}).empty()) return name;
  }
  return training;
}

compress::PruneTools prune_tools(const PruneDataOptions& options,
                                 compress::PruneCriterion criterion,
                                 const compress::FineTuneOptions& training,
                                 const recognize::Bundle& bundle, const graph::Model& model,
                                 const Job& job) {
  compress::PruneTools tools;
  if (options.data.empty()) return tools;
  if (criterion == compress::PruneCriterion::kActivation) {
    tools.measure = [set = probe_set(options, training.train_split, model),
                     job](const graph::Model& now) { return input_norms(now, set, job); };
  }
  tools.validate =
      [bundle, job,
       set = probe_set(options,
                       search_split(options.data, training.validation_split, training.train_split),
                       model)](const graph::Model& now) {
        const Results results = errors_of(bundle, now, set, job);
        return summarize(results, results.options.summary).metrics.cer();
      };
  return tools;
}

void check_prune_data(const PruneDataOptions& options, const compress::PruneOptions& prune,
                      const compress::FineTuneOptions& training) {
  require_field(options.probe_utterances > 0, "probe_utterances", "is {}; it must be at least 1",
                options.probe_utterances);
  if (!options.data.empty()) return;
  require_field(training.epochs == 0, "data",
                "is missing, but {} epochs of training need a dataset; or set `epochs` to 0",
                training.epochs);
  require_field(prune.criterion == compress::PruneCriterion::kMagnitude, "data",
                "is missing, but the criterion {} is measured on a dataset",
                name_of(prune.criterion));
  require_field(prune.method != compress::PruneMethod::kSensitivity, "data",
                "is missing, but sensitivities are measured on a dataset");
}

}  // namespace nest::eval
