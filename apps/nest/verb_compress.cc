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
  bool resume = false;
};

eval::CompressTools tools_of(const Arguments& a) {
  eval::CompressTools tools;
  if (torch_info().is_object()) tools.baseline.executor = "torch";
  if (a.training.epochs > 0) {
    const graph::Model model = recognize::load_weights(a.model);
    tools.train = fine_tuner(a.compress.data.data, model, a.training, a.out + "/training").train;
    tools.training = to_json(a.training);
  }
  return tools;
}

int run_compress(Arguments& a) {
  validate(a.compress);
  if (a.training.epochs > 0 && !a.training.distillation.weight)
    a.training.distillation.weight = 0.5;  // the float model is the teacher
  compress::validate(a.training);
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
      },
      run_compress);
}

}  // namespace nest
