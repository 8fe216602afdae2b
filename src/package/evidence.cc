#include "package/evidence.h"

#include <algorithm>
#include <cmath>

#include "nest/contract/source.h"
#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/data/dataset.h"
#include "nest/eval/audit_result.h"
#include "nest/eval/evaluator.h"
#include "nest/eval/summary.h"
#include "nest/graph/frames.h"
#include "nest/io/recording.h"
#include "nest/recognize/recognizer.h"

namespace nest::package {
namespace {

/// Most samples of a golden input: a bound in seconds, but enough for some frames.
std::int64_t most_samples(const graph::Model& model, const PackageOptions& options) {
  constexpr std::int64_t kFrames = 8;
  const auto wanted = static_cast<std::int64_t>(options.golden_s * model.signal.rate_hz);
  return std::max(wanted, graph::min_samples(model, kFrames));
}

Tensor first_samples(const Tensor& signal, std::int64_t most) {
  const std::int64_t count = std::min(most, signal.dim(1));
  Tensor result(DType::kF32, {signal.dim(0), count});
  for (std::int64_t c = 0; c < signal.dim(0); ++c)
    std::copy_n(signal.data<float>().data() + c * signal.dim(1), count,
                result.mutable_data<float>().data() + c * count);
  return result;
}

/// Noise of 20 uV, in whatever unit the contract has.
Tensor noise(std::int64_t rows, std::int64_t samples, const std::string& unit, int number) {
  constexpr double kVolts = 20e-6;
  const double size = kVolts / io::volts_per_unit(unit).value_or(kVolts);
  Rng rng(1, "golden", static_cast<std::uint64_t>(number));
  Tensor signal(DType::kF32, {rows, samples});
  for (float& value : signal.mutable_data<float>()) value = static_cast<float>(rng.normal(0, size));
  return signal;
}

Json figures_of(const eval::Results& results, const std::string& source, const Job& job) {
  const eval::Summary summary = eval::summarize(results, results.options.summary, job);
  const Json json = eval::to_json(summary);
  Json figures{{"source", source},
               {"dataset", results.dataset.name},
               {"split", results.dataset.split},
               {"utterances", results.utterances.size()},
               {"metrics", json.at("metrics")},
               {"intervals", json.at("intervals").at("utterance")}};
  if (results.streamed)
    figures["background_characters_per_minute"] = results.streamed->characters_per_minute();
  return figures;
}

}  // namespace

std::vector<Tensor> golden_inputs(const graph::Model& model, const PackageOptions& options) {
  const contract::SourceInfo source = contract::source_of(model.signal);
  const std::int64_t most = most_samples(model, options);
  std::vector<Tensor> inputs;
  if (options.data.empty() || source.num_channels() != model.signal.num_channels) {
    for (int i = 0; i < options.golden; ++i)
      inputs.push_back(noise(source.num_channels(), most, model.signal.unit, i));
    return inputs;
  }
  const data::Dataset own = data::Dataset::open(options.data);
  data::DatasetInfo info = own.info();
  info.signal = model.signal;
  const data::Dataset dataset(own.folder(), info, own.utterances(), data::FileWarnings::kKnown);
  data::Selection selection;
  selection.split = options.split;
  for (const std::size_t index : dataset.select(selection)) {
    if (static_cast<int>(inputs.size()) == options.golden) break;
    const Tensor signal = dataset.load_signal(index, {.filter = false, .normalize = false});
    if (graph::num_frames(model, signal.dim(1)) > 0) inputs.push_back(first_samples(signal, most));
  }
  require(!inputs.empty(), ErrorCode::kDataCorrupt,
          "{}: no utterance of split '{}' is long enough to be a golden vector", options.data,
          options.split);
  return inputs;
}

Json input_statistics(const graph::SignalContract& contract, const std::vector<Tensor>& inputs) {
  std::vector<double> means, deviations;
  for (std::int64_t c = 0; c < contract.num_channels; ++c) {
    double sum = 0, squares = 0, count = 0;
    for (const Tensor& input : inputs) {
      const float* row = input.data<float>().data() + c * input.dim(1);
      for (std::int64_t t = 0; t < input.dim(1); ++t) {
        const auto value = static_cast<double>(row[t]);
        sum += value;
        squares += value * value;
      }
      count += static_cast<double>(input.dim(1));
    }
    means.push_back(sum / count);
    deviations.push_back(std::sqrt(std::max(0.0, squares / count - means.back() * means.back())));
  }
  return {{"mean", means}, {"stddev", deviations}};
}

Json metrics_of(const recognize::Bundle& bundle, const PackageOptions& options, const Job& job) {
  if (!options.results.empty())
    return figures_of(eval::load_results(options.results), "nest benchmark", job);
  if (options.data.empty()) return nullptr;
  eval::EvalSetOptions which;
  which.split = options.split;
  const eval::EvalSet set = eval::open_eval_set(options.data, which, bundle.model())
                                .spread(static_cast<std::size_t>(options.utterances));
  const eval::Results results =
      eval::ModelEvaluator(recognize::RecognizerFactory(bundle), {}, bundle.tokenizer)
          .evaluate(set, job);
  return figures_of(results, "nest package", job);
}

Json streamed_of(const PackageOptions& options, const Job& job) {
  if (options.streamed.empty()) return nullptr;
  const eval::Results results = eval::load_results(options.streamed);
  require(results.streamed.has_value(), ErrorCode::kInvalidArgument,
          "{}: is no result of streams; nest benchmark makes one with `streamed`",
          options.streamed);
  return figures_of(results, "nest benchmark", job);
}

Json audit_of(const PackageOptions& options) {
  if (options.audit.empty()) return nullptr;
  const eval::AuditVerdict verdict = eval::load_audit_verdict(options.audit);
  Json checks = Json::array();
  for (const eval::CheckVerdict& check : verdict.checks) checks.push_back(eval::to_json(check));
  return {{"passed", verdict.passed},
          {"eeg_use", eval::eeg_use_text(verdict.eeg_is_used)},
          {"checks", std::move(checks)}};
}

}  // namespace nest::package
