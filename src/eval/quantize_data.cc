#include <optional>

#include "nest/core/field_error.h"
#include "nest/eval/compression_data.h"
#include "nest/eval/compression_report.h"
#include "nest/eval/prepare_model.h"
#include "nest/eval/summary.h"
#include "nest/recognize/output_reference.h"
#include "nest/runtime/prepared.h"

namespace nest::eval {

struct QuantizeData::Impl {
  Impl(const QuantizeDataOptions& o, const recognize::Bundle& b, const graph::Model& m,
       const Job& j)
      : options(o), bundle(b), model(m), job(j) {}

  const EvalSet& signals() {
    if (!calibration) {
      require_field(!options.calibration.data.empty(), "data",
                    "is missing; this method shows the model signals");
      calibration = open_sample(options.calibration, model.signal);
    }
    return *calibration;
  }
  void calibrate(compress::PostTrainingQuantizer& quantizer) {
    eval::calibrate(quantizer, signals(), job);
  }
  compress::ModelMeasure measure(const graph::Model& changed) {
    if (!reference) {
      const EvalSet few =
          signals().spread(static_cast<std::size_t>(options.sensitivity_utterances));
      std::vector<Tensor> loaded;
      for (std::size_t i = 0; i < few.utterances.size(); ++i) loaded.push_back(few.load(i));
      reference = std::make_unique<recognize::OutputReference>(model, std::move(loaded));
    }
    const auto prepared = runtime::prepare(changed);
    const recognize::OutputDistance distance = reference->compare(prepared);
    return {distance.divergence, static_cast<std::int64_t>(prepared->file_bytes()), distance.ms};
  }
  double character_errors(const graph::Model& changed) {
    if (!searched) {
      EvalSetOptions of_search = options.scored;
      of_search.split = options.search_split;
      searched = open_eval_set(options.calibration.data, of_search, model);
    }
    const Results results = errors_of(bundle, changed, *searched, job);
    return summarize(results, results.options.summary).metrics.cer();
  }

  QuantizeDataOptions options;
  const recognize::Bundle& bundle;
  const graph::Model& model;
  Job job;
  std::optional<EvalSet> calibration, searched;
  std::unique_ptr<recognize::OutputReference> reference;
};

QuantizeData::QuantizeData(const QuantizeDataOptions& options, const recognize::Bundle& bundle,
                           const graph::Model& model, const Job& job)
    : impl_(std::make_unique<Impl>(options, bundle, model, job)) {}
QuantizeData::~QuantizeData() = default;

compress::QuantizeFunctions QuantizeData::functions() {
  Impl* data = impl_.get();
  return {[data](compress::PostTrainingQuantizer& quantizer) { data->calibrate(quantizer); },
          [data](const graph::Model& model) { return data->measure(model); },
          [data](const graph::Model& model) { return data->character_errors(model); }};
}

}  // namespace nest::eval
