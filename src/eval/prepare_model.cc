#include "nest/eval/prepare_model.h"

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/recognize/observed_model.h"

namespace nest::eval {
namespace {

void fix_scales(graph::Model& model, const PrepareModelOptions& options, const Job& job) {
  require(graph::is_integer(model.quantization.precision), ErrorCode::kInvalidArgument,
          "fixed scales are of 8-bit activations: `precision` int8 or int4, not {}",
          name_of(model.quantization.precision));
  const EvalSet set = open_sample(options.calibration, model.signal);
  graph::Model floats = model;
  floats.quantization = {};
  compress::PostTrainingQuantizer quantizer(std::move(floats), options.quantizer);
  calibrate(quantizer, set, job);
  auto& scales = model.quantization.activations = quantizer.quantize().quantization.activations;
  log_info("{} activations calibrated on {} utterances", scales.size(), set.utterances.size());
}

}  // namespace

void calibrate(compress::PostTrainingQuantizer& quantizer, const EvalSet& set, const Job& job) {
  recognize::ObservedModel observed(quantizer.prepare(), quantizer.observer());
  quantizer.calibrate(
      static_cast<std::int64_t>(set.utterances.size()),
      [&](std::int64_t i) { observed.run(set.load(static_cast<std::size_t>(i))); }, job);
}

std::shared_ptr<const runtime::PreparedModel> prepare_model(const std::filesystem::path& path,
                                                            const PrepareModelOptions& options,
                                                            const Job& job) {
  const bool is_calibrated = !options.calibration.data.empty();
  if (!is_calibrated && options.describe.is_empty()) {
    return deploy::load_prepared(path, {}, options.precision);
  }
  require(!runtime::is_prepared_file(path), ErrorCode::kInvalidArgument,
          "{} is prepared already; describe and calibrate the original model", path.string());
  graph::Model model = deploy::describe_model(path, options.describe);
  if (options.precision) graph::set_precision(model.quantization, *options.precision);
  if (is_calibrated) fix_scales(model, options, job);
  return runtime::prepare(std::move(model));
}

}  // namespace nest::eval
