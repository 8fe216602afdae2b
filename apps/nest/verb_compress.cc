#include "nest/deploy/model_file.h"
#include "nest/eval/model_compressor.h"
#include "nest/recognize/bundle.h"
#include "torch_half.h"
#include "verb.h"

namespace nest {
namespace {

struct Arguments : VerbArguments {
  std::string model;
  std::string out;
  eval::CompressOptions compress;
  compress::FineTuneOptions training{.epochs = 6};
  std::int64_t code_epochs = 0;
  std::optional<double> code_learning_rate;
  bool resume = false;
};

eval::CompressTools tools_of(const Arguments& a) {
  eval::CompressTools tools;
  if (torch_info().is_object()) tools.baseline.executor = "torch";
  if (a.training.epochs == 0 && a.code_epochs == 0) return tools;
  const graph::Model model = recognize::load_weights(a.model);
  const auto trained = [&](const compress::FineTuneOptions& options, const char* folder) {
    return fine_tuner(a.compress.data.data, model, options, a.out + folder).train;
  };
  if (a.training.epochs > 0) tools.train = trained(a.training, "/training");
  tools.training = to_json(a.training);
  if (a.code_epochs == 0) return tools;
  compress::FineTuneOptions codes = a.training;
  codes.epochs = a.code_epochs;
  codes.learning_rate = a.code_learning_rate.value_or(a.training.learning_rate / 10);
  tools.train_codes = trained(codes, "/training-codes");
  tools.training["codes"] = to_json(codes);
  return tools;
}

int run_compress(Arguments& a) {
  validate(a.compress);
  if (a.training.epochs + a.code_epochs > 0 && !a.training.distillation.weight)
    a.training.distillation.weight = 0.5;  // the float model is the teacher
  compress::FineTuneOptions checked = a.training;
  checked.epochs += a.code_epochs;
  compress::validate(checked);
  const eval::CompressOutcome outcome =
      eval::compress_model(a.model, a.out, a.compress, tools_of(a), a.resume, command_job());
  Json json;
  if (a.json) json = to_json(outcome, a.compress);
  return print_report(a.json, json, outcome_text(outcome, a.compress));
}

}  // namespace

void add_compress(CommandLine& line) {
  add_verb<Arguments>(
      line, "compress",
      "Smaller and faster under a goal: units, bits and training searched, proven in one table",
      [](Flags& flags, Arguments& a) {
        flags.add("model", a.model, "model file with float weights").required();
        flags.add("output", a.out, "folder for model, table and report").required();
        flags.add("resume", a.resume, "go on with the search in that folder");
        register_flags(flags, a.compress);
        flags.group("Training after units went (0 epochs: none)");
        register_flags(flags, a.training);
        flags.add("code-epochs", a.code_epochs, "epochs in which codes below 8 bits are trained");
        flags.add("code-learning-rate", a.code_learning_rate, "default: a tenth of the other");
      },
      run_compress);
}

}  // namespace nest
