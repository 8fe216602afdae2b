#include <memory>

#include <fmt/format.h>

#include "compression_report.h"
#include "nest/compress/input_norms.h"
#include "nest/compress/layers.h"
#include "nest/compress/prune.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/flags.h"
#include "nest/core/json_number.h"
#include "nest/core/options.h"
#include "nest/eval/summary.h"
#include "nest/recognize/observed_model.h"
#include "nest/recognize/recognizer.h"
#include "nest/runtime/prepared.h"
#include "terminal.h"
#include "torch_half.h"

namespace nest {
namespace {

struct Arguments {
  std::string model;
  std::string out;
  std::string data;
  recognize::LoadOptions load;
  compress::PruneOptions prune;
  compress::FineTuneOptions training;
  std::optional<std::int64_t> epochs;
  eval::EvalSetOptions scored;
  int probe_utterances = 50;
  bool json = false;

  bool trains_between() const {
    return prune.method == compress::PruneMethod::kIterative ||
           prune.method == compress::PruneMethod::kLottery;
  }
};

void check(const Arguments& a) {
  compress::validate(a.prune);
  compress::validate(a.training);
  const std::string extension = std::filesystem::path(a.out).extension().string();
  require_field(extension == ".pt" || extension == ".safetensors", "output",
                "is {}; a pruned model is a .pt or .safetensors file", a.out);
  require_field(a.probe_utterances > 0, "probe_utterances", "is {}; it must be at least 1",
                a.probe_utterances);
  require(!runtime::is_prepared_file(a.model), ErrorCode::kInvalidArgument,
          "{} is packed for the runtime; prune the original model", a.model);
  if (!a.data.empty()) return;
  require_field(a.training.epochs == 0, "data",
                "is missing, but {} epochs of training need a dataset; or set `epochs` to 0",
                a.training.epochs);
  require_field(a.prune.criterion == compress::PruneCriterion::kMagnitude, "data",
                "is missing, but the criterion {} is measured on a dataset",
                name_of(a.prune.criterion));
  require_field(a.prune.method != compress::PruneMethod::kSensitivity, "data",
                "is missing, but sensitivities are measured on a dataset");
}

graph::Model model_of(const Arguments& a, const recognize::Bundle& bundle) {
  graph::Model model = deploy::load_model(a.model, a.load.file);
  compress::require_float(model);
  if (model.vocabulary.tokenizer.is_null() && bundle.tokenizer != nullptr)
    model.vocabulary.tokenizer = bundle.tokenizer->to_json();
  return model;
}

/// What decides which weights are best, and how much a layer matters: never the test split.
std::string validation_split(const Arguments& a) {
  const std::string& asked = a.training.validation_split;
  if (asked != "auto" && !asked.empty()) return asked;
  const data::Dataset dataset = data::Dataset::open(a.data);
  for (const char* name : {"valid", "validation"}) {
    if (!dataset.select({name, "", ""}).empty()) return name;
  }
  return a.training.train_split;
}

eval::EvalSet probe_set(const Arguments& a, const std::string& split, const graph::Model& model) {
  eval::EvalSetOptions options = a.scored;
  options.split = split;
  return eval::open_eval_set(a.data, options, model)
      .spread(static_cast<std::size_t>(a.probe_utterances));
}

compress::PruneStatistics input_norms(const graph::Model& model, const eval::EvalSet& set) {
  compress::InputNorms norms;
  recognize::ObservedModel observed(model, norms);
  Progress progress(command_job(), "activations", static_cast<std::int64_t>(set.utterances.size()),
                    "signals");
  for (std::size_t i = 0; i < set.utterances.size(); ++i) {
    command_job().check_stop("nothing was written");
    observed.run(set.load(i));
    progress.advance();
  }
  return {.gradients = {}, .activations = norms.activations(model)};
}

compress::PruneTools tools_of(const Arguments& a, const recognize::Bundle& bundle,
                              const graph::Model& model) {
  compress::PruneTools tools;
  if (a.data.empty()) return tools;
  if (a.training.epochs > 0 || a.prune.criterion == compress::PruneCriterion::kGradient) {
    const Tuner tuner = fine_tuner(a.data, model, a.training, a.out + ".training");
    if (a.training.epochs > 0) tools.train = tuner.train;
    tools.measure = tuner.measure;
  }
  if (a.prune.criterion == compress::PruneCriterion::kActivation) {
    tools.measure = [set = probe_set(a, a.training.train_split, model)](const graph::Model& now) {
      return input_norms(now, set);
    };
  }
  tools.validate = [bundle,
                    set = probe_set(a, validation_split(a), model)](const graph::Model& now) {
    const eval::Results results = errors_of(bundle, now, set);
    return eval::summarize(results, results.options.summary).metrics.cer();
  };
  return tools;
}

Json iterations_json(const std::vector<compress::PruneIteration>& iterations) {
  Json rows = Json::array();
  for (const compress::PruneIteration& i : iterations) {
    rows.push_back(
        {{"iteration", i.iteration}, {"sparsity", i.sparsity}, {"cer", number_or_null(i.error)}});
  }
  return rows;
}

Json groups_json(const std::vector<compress::GroupPlan>& groups) {
  Json rows = Json::array();
  for (const compress::GroupPlan& item : groups) {
    rows.push_back({{"name", item.group.name},
                    {"kind", name_of(item.group.kind)},
                    {"before", item.group.count},
                    {"after", item.kept()},
                    {"is_exact", item.group.is_exact}});
  }
  return rows;
}

/// What each group, iteration or layer came to.
std::string details_text(const compress::PruneOutcome& outcome) {
  std::string text;
  for (const compress::GroupPlan& item : outcome.groups) {
    text +=
        fmt::format("{}: {} of {} units ({}{})\n", item.group.name, item.kept(), item.group.count,
                    name_of(item.group.kind), item.group.is_exact ? "" : ", inexact");
  }
  for (const compress::PruneIteration& i : outcome.iterations) {
    text += fmt::format("iteration {}: {:.2f} % zeros, CER {:.2f} %\n", i.iteration,
                        100 * i.sparsity, 100 * i.error);
  }
  for (const auto& [name, rise] : outcome.sensitivities)
    text += fmt::format("{}: {:+.2f} points alone\n", name, 100 * rise);
  return text;
}

int prune(Arguments& a) {
  a.training.epochs = a.epochs.value_or(a.trains_between() ? 1 : 0);
  check(a);
  const recognize::Bundle bundle = recognize::load_bundle(a.model, a.load);
  const graph::Model model = model_of(a, bundle);
  const compress::PruneOutcome outcome =
      compress::prune_model(model, a.prune, tools_of(a, bundle, model));
  CompressionReport report{a.model, a.out, {}, {}};
  report.before = {compress::figures_of(model), std::filesystem::file_size(a.model), {}};
  report.after = {compress::figures_of(outcome.model), write_model(outcome.model, a.out), {}};
  if (!a.data.empty()) {
    const eval::EvalSet set = eval::open_eval_set(a.data, a.scored, model);
    report.before.errors = errors_of(bundle, set);
    report.after.errors = errors_of(bundle, outcome.model, set);
  }
  Json json = to_json(report);
  json["method"] = name_of(a.prune.method);
  json["options"] = to_json(a.prune);
  json["epochs"] = a.training.epochs;
  json["groups"] = groups_json(outcome.groups);
  json["iterations"] = iterations_json(outcome.iterations);
  json["sensitivities"] = outcome.sensitivities;
  return print_report(a.json, json, details_text(outcome) + report_text(report));
}

}  // namespace

void add_prune(CommandLine& line) {
  line.add_verb(
      "prune", "A smaller model: zeros in its weights, or whole units taken out of it",
      [](Flags& flags) -> CommandLine::Run {
        auto a = std::make_shared<Arguments>();
        flags.add("model,checkpoint", a->model, "model file with float weights").required();
        flags.add("output", a->out, "pruned model, .pt or .safetensors").required();
        flags.add("data", a->data, "dataset folder: measures, trains, scores before and after");
        flags.add("json", a->json, "print JSON");
        register_flags(flags, a->prune);
        flags.add("epochs", a->epochs,
                  "epochs of training after pruning (iterative, lottery: each time); default: 0, "
                  "iterative and lottery 1");
        register_flags(flags, a->training, {.without = {"epochs"}});
        flags.group("Data");
        register_flags(flags, a->scored);
        flags.add("probe-utterances", a->probe_utterances,
                  "on how many layers, iterations and activations are measured");
        flags.group("Model");
        register_flags(flags, a->load.file);
        flags.add("tokenizer", a->load.tokenizer, "tokenizer file; default: the one in the model");
        return [a] { return prune(*a); };
      });
}

}  // namespace nest
