#include "nest/deploy/prepared_model.h"
#include "nest/eval/compression_data.h"
#include "nest/eval/compression_report.h"
#include "torch_half.h"
#include "verb.h"

namespace nest {
namespace {

struct QuantizeArguments : VerbArguments {
  std::string model;
  std::string out;
  recognize::LoadOptions load;
  compress::QuantizeOptions quantize;
  compress::FineTuneOptions training;
  std::optional<std::int64_t> epochs;
  eval::QuantizeDataOptions data;
  bool compare = false;  ///< precisions and calibrators beside each other

  bool trains() const { return !compare && quantize.method == compress::QuantizeMethod::kQat; }
};

void check(const QuantizeArguments& a) {
  if (!a.compare) validate(a.quantize);
  require_field(a.trains() || !a.epochs, "epochs", "is of method qat, which trains");
  require_field(!a.trains() || !a.data.calibration.data.empty(), "data",
                "is missing; method qat trains on a dataset");
  validate(a.training);
}

compress::QuantizeFunctions functions_of(const QuantizeArguments& a, const graph::Model& model,
                                         eval::QuantizeData& data) {
  compress::QuantizeFunctions functions = data.functions();
  if (a.trains()) {
    functions.train =
        fine_tuner(a.data.calibration.data, model, a.training, a.out + ".training").train;
  }
  return functions;
}

int quantize(QuantizeArguments& a) {
  constexpr std::int64_t kEpochs = 5;
  a.training.epochs = a.epochs.value_or(a.trains() ? kEpochs : 0);
  check(a);
  const graph::Model model = recognize::load_weights(a.model, a.load);
  const recognize::Bundle bundle = recognize::make_bundle(recognize::make_runnable(model));
  eval::QuantizeData data(a.data, bundle, model, command_job());
  if (a.compare) {
    const compress::QuantizationBenchmark benchmark =
        compress::compare_quantizations(model, a.quantize, data.functions(), command_job());
    return print_report(a.json, benchmark.to_json(), benchmark.text());
  }
  require_field(!a.out.empty(), "output", "is missing; it is the file for the quantized model");
  const graph::Model made =
      compress::quantize(model, a.quantize, functions_of(a, model, data), command_job());
  const auto report = eval::write_smaller({a.model, a.out, a.data.calibration.data, a.data.scored},
                                          bundle, model, made, command_job());
  Json json = to_json(report);
  json["method"] = name_of(a.quantize.method);
  json["quantization"] = graph::to_json(made.quantization);
  return print_report(
      a.json, json, fmt::format("{}\n{}", graph::describe(made.quantization), report_text(report)));
}

}  // namespace

void add_quantize(CommandLine& line) {
  add_verb<QuantizeArguments>(
      line, "quantize", "Fewer bits for a model's weights and activations, with what that costs",
      [](Flags& flags, QuantizeArguments& a) {
        flags.add("model", a.model, "model file with float weights").required();
        flags.add("data", a.data.calibration.data,
                  "dataset folder: signals to calibrate on, sentences to score before and after");
        flags.add("output", a.out,
                  ".prepared (packed codes); .pt or .safetensors (floats that become codes when "
                  "they are loaded)");
        flags.add("compare", a.compare,
                  "write nothing; a table of precisions and calibrators: bytes, time, distance of "
                  "outputs, character errors of --search-split");
        register_flags(flags, a.quantize);
        flags.add("epochs", a.epochs, "of method qat: epochs of training; default: 5");
        register_flags(flags, a.training, {.without = {"epochs"}});
        flags.group("Data");
        register_flags(flags, a.data.scored);
        register_flags(
            flags, a.data.calibration,
            {.renamed = {{"split", "calibrate-split"}, {"utterances", "calibrate-utterances"}},
             .without = {"data"}});
        flags.add("sensitivity-utterances", a.data.sensitivity_utterances,
                  "of method mixed: calibration utterances on which layers are compared");
        flags.add("search-split", a.data.search_split,
                  "the split whose errors --max-cer-increase limits");
        flags.group("Model");
        register_flags(flags, a.load.file);
        flags.add("tokenizer", a.load.tokenizer, "tokenizer file; default: the one in the model");
      },
      quantize);
}

}  // namespace nest
