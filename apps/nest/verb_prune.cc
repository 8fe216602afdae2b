#include "nest/deploy/prepared_model.h"
#include "nest/eval/compression_data.h"
#include "nest/eval/compression_report.h"
#include "torch_half.h"
#include "verb.h"

namespace nest {
namespace {

struct PruneArguments : VerbArguments {
  std::string model;
  std::string out;
  recognize::LoadOptions load;
  compress::PruneOptions prune;
  compress::FineTuneOptions training;
  std::optional<std::int64_t> epochs;
  eval::PruneDataOptions data;

  bool trains_between() const {
    return prune.method == compress::PruneMethod::kIterative ||
           prune.method == compress::PruneMethod::kLottery;
  }
};

void check(const PruneArguments& a) {
  compress::validate(a.prune);
  compress::validate(a.training);
  const std::string extension = std::filesystem::path(a.out).extension().string();
  require_field(extension == ".pt" || extension == ".safetensors", "output",
                "is {}; a pruned model is a .pt or .safetensors file", a.out);
  require(!runtime::is_prepared_file(a.model), ErrorCode::kInvalidArgument,
          "{} is packed for the runtime; prune the original model", a.model);
  eval::check_prune_data(a.data, a.prune, a.training);
}

compress::PruneTools tools_of(const PruneArguments& a, const recognize::Bundle& bundle,
                              const graph::Model& model) {
  compress::PruneTools tools =
      eval::prune_tools(a.data, a.prune.criterion, a.training, bundle, model, command_job());
  const bool by_gradient = a.prune.criterion == compress::PruneCriterion::kGradient;
  if (a.data.data.empty() || (a.training.epochs == 0 && !by_gradient)) return tools;
  const Tuner tuner = fine_tuner(a.data.data, model, a.training, a.out + ".training");
  if (a.training.epochs > 0) tools.train = tuner.train;
  if (by_gradient) tools.measure = tuner.measure;
  return tools;
}

int prune(PruneArguments& a) {
  a.training.epochs = a.epochs.value_or(a.trains_between() ? 1 : 0);
  check(a);
  const graph::Model model = recognize::load_weights(a.model, a.load);
  compress::require_float(model);
  const recognize::Bundle bundle = recognize::make_bundle(recognize::make_runnable(model));
  const compress::PruneOutcome outcome =
      compress::prune_model(model, a.prune, tools_of(a, bundle, model));
  const auto report = eval::write_smaller({a.model, a.out, a.data.data, a.data.scored}, bundle,
                                          model, outcome.model, command_job());
  Json json = to_json(report);
  json["method"] = name_of(a.prune.method);
  json["options"] = to_json(a.prune);
  json["epochs"] = a.training.epochs;
  json.update(compress::to_json(outcome));
  return print_report(a.json, json, compress::outcome_text(outcome) + report_text(report));
}

}  // namespace

void add_prune(CommandLine& line) {
  add_verb<PruneArguments>(
      line, "prune", "A smaller model: zeros in its weights, or whole units taken out of it",
      [](Flags& flags, PruneArguments& a) {
        flags.add("model,checkpoint", a.model, "model file with float weights").required();
        flags.add("output", a.out, "pruned model, .pt or .safetensors").required();
        flags.add("data", a.data.data, "dataset folder: measures, trains, scores before and after");
        register_flags(flags, a.prune);
        flags.add("epochs", a.epochs,
                  "epochs of training after pruning (iterative, lottery: each time); default: 0, "
                  "iterative and lottery 1");
        register_flags(flags, a.training, {.without = {"epochs", "activation_scales"}});
        flags.group("Data");
        register_flags(flags, a.data.scored);
        flags.add("probe-utterances", a.data.probe_utterances,
                  "on how many layers, iterations and activations are measured");
        flags.group("Model");
        register_flags(flags, a.load.file);
        flags.add("tokenizer", a.load.tokenizer, "tokenizer file; default: the one in the model");
      },
      prune);
}

}  // namespace nest
