// quantization MODEL DATA: the specification's "Model Quantization".
#include <cmath>
#include <cstdio>

#include <nest/compress/mixed_precision_quantizer.h>
#include <nest/compress/quantization_benchmark.h>
#include <nest/core/error.h>
#include <nest/eval/compression_report.h>
#include <nest/eval/prepare_model.h>
#include <nest/eval/summary.h>
#include <nest/recognize/bundle.h>
#include <nest/recognize/output_reference.h>
#include <nest/train/qat_trainer.h>
#include <nest/train/run.h>

#include "promise.h"

using namespace nest;

namespace {

graph::Model post_training(const graph::Model& model, const char* data) {
  compress::PostTrainingQuantizer ptq(
      model, {.calibration = {.calibrator = compress::Calibrator::kPercentile}});
  ptq.prepare();
  // Calibrate on representative data
  eval::calibrate(ptq, eval::open_sample({.data = data, .utterances = 20}, model.signal));
  // Convert to INT8
  graph::Model quantized_model = ptq.quantize();
  // Measure size reduction
  const compress::SizeChange sizes = compress::measure_size(model, quantized_model);
  std::printf("Compression: %.1fx\nReduction: %.1f %%\n", sizes.compression_ratio(),
              100 * sizes.reduction());
  promise(sizes.compression_ratio() > 3.5, "INT8: about 4x size reduction");
  return quantized_model;
}

void dynamic(const graph::Model& model) {
  const graph::Model quantized_model =
      compress::DynamicQuantizer(model).quantize({"linear", "lstm"});
  promise(compress::measure_size(model, quantized_model).compression_ratio() > 1.5,
          "dynamic quantization of Linear and LSTM needs no data");
}

graph::Model quantization_aware(const graph::Model& quantized, const char* data) {
  train::QATTrainer qat(quantized, {.optimizer = {.learning_rate = 1e-4}});
  qat.prepare();
  // Train with fake quantization
  const data::Dataset dataset = data::Dataset::open(data);
  const auto tokenizer = text::tokenizer_from_json(quantized.vocabulary.tokenizer, "model");
  const train::DatasetSource train_loader(dataset, "train", *tokenizer);
  std::vector<double> losses;
  for (int epoch = 0; epoch < 2; ++epoch) {
    double sum = 0;
    for (const auto& items : train::plan_in_order(train_loader, 8)) {
      std::vector<train::Example> examples;
      for (const train::PlanItem& item : items)
        examples.push_back(train::load_item(train_loader, item, {}, nullptr));
      sum += qat.train_step(train::make_batch(examples));
    }
    losses.push_back(sum);
  }
  std::printf("QAT: loss %.3f -> %.3f\n", losses[0], losses[1]);
  promise(std::isfinite(losses[0]) && std::isfinite(losses[1]), "train_step() gives a loss");
  // Convert to quantized
  return qat.convert();
}

void mixed(const graph::Model& model, const compress::MeasureModel& measure) {
  compress::MixedPrecisionQuantizer mixed_quant(model);
  // Manually set
  mixed_quant.set_layer_precision("ctc_decoder", 16);
  // Auto-assign the rest based on sensitivity
  const compress::Sensitivity sensitivity = mixed_quant.compute_sensitivity(measure);
  const double budget = 0.6 * static_cast<double>(sensitivity.floats.bytes);
  mixed_quant.auto_assign_precision(sensitivity,
                                    {.of = compress::PrecisionBudget::Of::kBytes, .most = budget});
  const compress::ModelMeasure got = measure(mixed_quant.quantize());
  std::printf("mixed: %lld of %lld bytes\n", static_cast<long long>(got.bytes),
              static_cast<long long>(sensitivity.floats.bytes));
  promise(static_cast<double>(got.bytes) <= 1.02 * budget,
          "precisions by layer keep a budget of bytes");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: quantization MODEL DATA\n"), 2;
  const graph::Model model = recognize::load_weights(argv[1]);
  const auto bundle = recognize::make_bundle(recognize::make_runnable(model));
  const auto test = eval::open_eval_set(argv[2], {.split = "test"}, model);
  const recognize::OutputReference reference(model, {test.load(0), test.load(1)});
  const auto measure = [&](const graph::Model& changed) {
    const auto prepared = runtime::prepare(changed);
    const recognize::OutputDistance distance = reference.compare(prepared);
    return compress::ModelMeasure{distance.divergence,
                                  static_cast<std::int64_t>(prepared->file_bytes()), distance.ms};
  };
  const auto errors = [&](const graph::Model& changed) {
    const eval::Results results = eval::errors_of(bundle, changed, test);
    return eval::summarize(results, results.options.summary).metrics.cer();
  };
  const graph::Model quantized_model = post_training(model, argv[2]);
  promise(errors(quantized_model) - errors(model) < 0.01, "INT8: less than 1 % accuracy loss");
  promise(errors(quantization_aware(quantized_model, argv[2])) - errors(model) < 0.01,
          "QAT: no worse");
  dynamic(model);
  mixed(model, measure);

  compress::QuantizationBenchmark benchmark(measure, errors);
  benchmark.add("fp32", [&] { return model; });
  benchmark.add("int8", [&] { return quantized_model; });
  const auto& rows = benchmark.run();
  std::printf("%s", benchmark.text().c_str());
  promise(rows[1].measured.bytes < rows[0].measured.bytes, "the benchmark compares FP32 and INT8");
} catch (const Error& error) {
  std::fprintf(stderr, "quantization: %s\n", error.what());
  return exit_code(error.code());
}
