#include <memory>

#include <fmt/format.h>

#include "compression_report.h"
#include "nest/compress/quantization_benchmark.h"
#include "nest/compress/quantize.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/flags.h"
#include "nest/core/options.h"
#include "nest/eval/summary.h"
#include "nest/recognize/observed_model.h"
#include "nest/recognize/output_reference.h"
#include "nest/recognize/recognizer.h"
#include "terminal.h"

namespace nest {
namespace {

struct Arguments {
  std::string model;
  std::string data;
  std::string out;
  recognize::LoadOptions load;
  compress::QuantizeOptions quantize;
  eval::EvalSetOptions scored;         ///< what the errors are of
  eval::SampleOptions calibration;     ///< signals that show how large activations become
  int sensitivity_utterances = 16;     ///< of the calibration, to order layers
  std::string search_split = "valid";  ///< of max_cer_increase
  bool compare = false;                ///< precisions and calibrators beside each other
  bool json = false;
};

graph::Model model_of(const Arguments& a, const recognize::Bundle& bundle) {
  graph::Model model = deploy::load_model(a.model, a.load.file);
  if (model.vocabulary.tokenizer.is_null() && bundle.tokenizer != nullptr)
    model.vocabulary.tokenizer = bundle.tokenizer->to_json();
  return model;
}

/// What the library asks for: signals, measurements and errors of this dataset.
class Functions {
 public:
  Functions(const Arguments& a, const recognize::Bundle& bundle, const graph::Model& model)
      : a_(a), bundle_(bundle), model_(model) {}

  compress::QuantizeFunctions all() {
    return {[this](compress::PostTrainingQuantizer& quantizer) { calibrate(quantizer); },
            [this](const graph::Model& model) { return measure(model); },
            [this](const graph::Model& model) { return character_errors(model); }};
  }

 private:
  const eval::EvalSet& signals() {
    if (!signals_) {
      require_field(!a_.data.empty(), "data", "is missing; method {} shows the model signals",
                    name_of(a_.quantize.method));
      eval::SampleOptions options = a_.calibration;
      options.data = a_.data;
      signals_ = eval::open_sample(options, model_.signal);
    }
    return *signals_;
  }
  void calibrate(compress::PostTrainingQuantizer& quantizer) {
    const eval::EvalSet& set = signals();
    recognize::ObservedModel observed(quantizer.prepare(), quantizer.observer());
    quantizer.calibrate(
        static_cast<std::int64_t>(set.utterances.size()),
        [&](std::int64_t i) { observed.run(set.load(static_cast<std::size_t>(i))); },
        command_job());
  }
  compress::ModelMeasure measure(const graph::Model& model) {
    if (!reference_) {
      const eval::EvalSet few =
          signals().spread(static_cast<std::size_t>(a_.sensitivity_utterances));
      std::vector<Tensor> loaded;
      for (std::size_t i = 0; i < few.utterances.size(); ++i) loaded.push_back(few.load(i));
      reference_ = std::make_unique<recognize::OutputReference>(model_, std::move(loaded));
    }
    const auto prepared = runtime::prepare(model);
    const recognize::OutputDistance distance = reference_->compare(prepared);
    return {distance.divergence, static_cast<std::int64_t>(prepared->file_bytes()), distance.ms};
  }
  double character_errors(const graph::Model& model) {
    if (!searched_) {
      eval::EvalSetOptions options = a_.scored;
      options.split = a_.search_split;
      searched_ = eval::open_eval_set(a_.data, options, model_);
    }
    const eval::Results results = errors_of(bundle_, model, *searched_);
    return eval::summarize(results, results.options.summary).metrics.cer();
  }

  const Arguments& a_;
  const recognize::Bundle& bundle_;
  const graph::Model& model_;
  std::optional<eval::EvalSet> signals_, searched_;
  std::unique_ptr<recognize::OutputReference> reference_;
};

/// The model in fp32, with scales found row by row, and with fixed ones of every calibrator.
compress::QuantizationBenchmark compared(const Arguments& a, const graph::Model& model,
                                         const compress::QuantizeFunctions& functions) {
  compress::QuantizationBenchmark benchmark(functions.measure, functions.validate);
  benchmark.add("fp32", [&] { return model; });
  const auto add = [&](std::string name, const compress::QuantizeOptions& options) {
    benchmark.add(std::move(name), [&, options] {
      return compress::quantize(model, options, functions, command_job());
    });
  };
  for (const auto precision : {graph::Precision::kInt8, graph::Precision::kInt4}) {
    compress::QuantizeOptions options = a.quantize;
    options.scales.precision = precision;
    options.method = compress::QuantizeMethod::kDynamic;
    add(fmt::format("{} dynamic", name_of(precision)), options);
    options.method = compress::QuantizeMethod::kStatic;
    for (const EnumName& calibrator : enum_table(compress::Calibrator{}).names) {
      options.scales.calibration.calibrator = static_cast<compress::Calibrator>(calibrator.value);
      add(fmt::format("{} static {}", name_of(precision), calibrator.name), options);
    }
  }
  benchmark.run(command_job());
  return benchmark;
}

int compare(const Arguments& a, const graph::Model& model,
            const compress::QuantizeFunctions& functions) {
  const compress::QuantizationBenchmark benchmark = compared(a, model, functions);
  return print_report(a.json, benchmark.to_json(), benchmark.text());
}

int quantize(const Arguments& a) {
  if (!a.compare) validate(a.quantize);
  const recognize::Bundle bundle = recognize::load_bundle(a.model, a.load);
  const graph::Model model = model_of(a, bundle);
  Functions functions(a, bundle, model);
  if (a.compare) return compare(a, model, functions.all());
  require_field(!a.out.empty(), "output", "is missing; it is the file for the quantized model");
  const graph::Model made = compress::quantize(model, a.quantize, functions.all(), command_job());
  CompressionReport report{a.model, a.out, {}, {}};
  report.before = {compress::figures_of(model), std::filesystem::file_size(a.model), {}};
  report.after = {compress::figures_of(made), write_model(made, a.out), {}};
  if (!a.data.empty()) {
    const eval::EvalSet set = eval::open_eval_set(a.data, a.scored, model);
    report.before.errors = errors_of(bundle, set);
    report.after.errors = errors_of(bundle, made, set);
  }
  Json json = to_json(report);
  json["method"] = name_of(a.quantize.method);
  json["quantization"] = graph::to_json(made.quantization);
  return print_report(
      a.json, json, fmt::format("{}\n{}", graph::describe(made.quantization), report_text(report)));
}

}  // namespace

void add_quantize(CommandLine& line) {
  line.add_verb(
      "quantize", "Fewer bits for a model's weights and activations, with what that costs",
      [](Flags& flags) -> CommandLine::Run {
        auto a = std::make_shared<Arguments>();
        flags.add("model", a->model, "model file with float weights").required();
        flags.add("data", a->data,
                  "dataset folder: signals to calibrate on, sentences to score before and after");
        flags.add("output", a->out,
                  ".prepared (packed codes); .pt or .safetensors (floats that become codes when "
                  "they are loaded)");
        flags.add("compare", a->compare,
                  "write nothing; a table of precisions and calibrators: bytes, time, distance of "
                  "outputs, character errors of --search-split");
        flags.add("json", a->json, "print JSON");
        register_flags(flags, a->quantize);
        flags.group("Data");
        register_flags(flags, a->scored);
        register_flags(
            flags, a->calibration,
            {.renamed = {{"split", "calibrate-split"}, {"utterances", "calibrate-utterances"}},
             .without = {"data"}});
        flags.add("sensitivity-utterances", a->sensitivity_utterances,
                  "of method mixed: calibration utterances on which layers are compared");
        flags.add("search-split", a->search_split,
                  "the split whose errors --max-cer-increase limits");
        flags.group("Model");
        register_flags(flags, a->load.file);
        flags.add("tokenizer", a->load.tokenizer, "tokenizer file; default: the one in the model");
        return [a] { return quantize(*a); };
      });
}

}  // namespace nest
