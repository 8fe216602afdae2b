#include "nest/compress/search_training.h"
#include "nest/compress/student.h"
#include "nest/core/config.h"
#include "nest/eval/model_compressor.h"
#include "nest/recognize/bundle.h"
#include "torch_half.h"
#include "verb.h"

namespace nest {
namespace {

struct CompressArguments : VerbArguments {
  std::string model;
  std::string out;
  eval::CompressOptions compress;
  compress::SearchTraining training;
  bool resume = false;
};

eval::CompressTools tools_of(const CompressArguments& a) {
  eval::CompressTools tools;
  if (torch_info().is_object()) tools.baseline.executor = "torch";
  tools.training = to_json(a.training);
  const graph::Model model = recognize::load_weights(a.model);
  const auto trained = [&](const compress::FineTuneOptions& options, const char* folder) {
    return options.epochs == 0
               ? compress::TrainFn()
               : fine_tuner(a.compress.data.data, model, options, a.out + folder).train;
  };
  tools.train = trained(a.training.of_units(), "/training");
  tools.train_codes = trained(a.training.of_codes(), "/training-codes");
  tools.train_student = trained(a.training.of_student(), "/training-student");
  if (a.training.student.empty()) return tools;
  const std::string& key = a.training.student_key;
  tools.student = compress::student_of(model, key, Config::load(a.training.student).at(key),
                                       a.training.all.seed);
  return tools;
}

int run_compress(CompressArguments& a) {
  validate(a.compress);
  validate(a.training);
  const eval::CompressOutcome outcome =
      eval::compress_model(a.model, a.out, a.compress, tools_of(a), a.resume, command_job());
  Json json;
  if (a.json) json = to_json(outcome, a.compress);
  return print_report(a.json, json, outcome_text(outcome, a.compress));
}

}  // namespace

void add_compress(CommandLine& line) {
  add_verb<CompressArguments>(
      line, "compress",
      "Smaller and faster under a goal: units, bits and training searched, proven in one table",
      [](Flags& flags, CompressArguments& a) {
        flags.add("model", a.model, "model file with float weights").required();
        flags.add("output", a.out, "folder for model, table and report").required();
        flags.add("resume", a.resume, "go on with the search in that folder");
        register_flags(flags, a.compress);
        register_flags(flags, a.training);
      },
      run_compress);
}

}  // namespace nest
