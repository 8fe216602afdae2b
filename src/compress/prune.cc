#include "nest/compress/prune.h"

#include <limits>

#include "nest/compress/lottery_ticket_pruner.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::compress {
namespace {

MagnitudeOptions magnitude_of(const PruneOptions& o) {
  MagnitudeOptions made{.amount = o.amount,
                        .pattern = o.pattern,
                        .scope = o.scope.value_or(PruneScope::kGlobal),
                        .criterion = o.criterion,
                        .layers = o.layers};
  made.most_of_layer = o.most_of_layer.value_or(made.most_of_layer);
  return made;
}

StructuredOptions structured_of(const PruneOptions& o) {
  StructuredOptions made;
  made.amount = o.amount.value_or(made.amount);
  made.scope = o.scope.value_or(made.scope);
  made.criterion = o.criterion;
  made.layers = o.layers;
  made.most_of_layer = o.most_of_layer.value_or(made.most_of_layer);
  made.multiple = o.multiple;
  made.inexact = o.inexact;
  return made;
}

PruneStatistics measured(const PruneOptions& options, const PruneTools& tools,
                         const graph::Model& model) {
  if (options.criterion == PruneCriterion::kMagnitude) return {};
  require(static_cast<bool>(tools.measure), ErrorCode::kInvalidArgument,
          "the criterion {} is measured on data; give `data`", name_of(options.criterion));
  return tools.measure(model);
}

/// Nothing where nothing has to be measured.
MeasureFn measure_of(const PruneOptions& options, const PruneTools& tools) {
  return options.criterion == PruneCriterion::kMagnitude ? MeasureFn{} : tools.measure;
}

double validated(const PruneTools& tools, const graph::Model& model) {
  return tools.validate ? tools.validate(model) : std::numeric_limits<double>::quiet_NaN();
}

void train_on(const PruneTools& tools, Pruner& pruner) {
  if (tools.train) pruner.set_weights(tools.train(pruner.model(), pruner.masks(), 0).weights);
}

PruneOutcome by_magnitude(graph::Model model, const PruneOptions& o, const PruneTools& tools) {
  PruneStatistics statistics = measured(o, tools, model);
  MagnitudePruner pruner(std::move(model), magnitude_of(o), std::move(statistics));
  pruner.prune();
  train_on(tools, pruner);
  return {pruner.make_permanent(), {}, {}, {}};
}

PruneOutcome by_units(graph::Model model, const PruneOptions& o, const PruneTools& tools) {
  PruneStatistics statistics = measured(o, tools, model);
  StructuredPruner pruner(std::move(model), structured_of(o), std::move(statistics));
  pruner.prune();
  PruneOutcome outcome;
  outcome.groups = pruner.plan();
  pruner.make_permanent();
  train_on(tools, pruner);
  outcome.model = pruner.model();
  return outcome;
}

PruneOutcome in_steps(graph::Model model, const PruneOptions& o, const PruneTools& tools) {
  IterativePruner pruner(std::move(model), {magnitude_of(o), o.iterations, o.schedule},
                         measure_of(o, tools));
  const TrainFn train =
      tools.train ? tools.train
                  : [](const graph::Model& same, const TensorMap&, std::int64_t) { return same; };
  std::vector<PruneIteration> iterations = pruner.prune_and_finetune(
      train, [&](const graph::Model& now) { return validated(tools, now); });
  return {pruner.make_permanent(), std::move(iterations), {}, {}};
}

PruneOutcome by_sensitivity(graph::Model model, const PruneOptions& o, const PruneTools& tools) {
  require(static_cast<bool>(tools.validate), ErrorCode::kInvalidArgument,
          "sensitivities are measured on data; give `data`");
  PruneStatistics statistics = measured(o, tools, model);
  SensitivityPruner pruner(std::move(model), {magnitude_of(o), o.probe_amount},
                           std::move(statistics));
  PruneOutcome outcome;
  outcome.sensitivities = pruner.compute_sensitivity(tools.validate, o.probe_amount);
  pruner.prune();
  train_on(tools, pruner);
  outcome.model = pruner.make_permanent();
  return outcome;
}

PruneOutcome by_lottery(graph::Model model, const PruneOptions& o, const PruneTools& tools) {
  require(static_cast<bool>(tools.train), ErrorCode::kInvalidArgument,
          "a lottery ticket is found by training; give `data` and `epochs`");
  LotteryTicketPruner pruner(std::move(model), {magnitude_of(o), o.iterations, o.rewind_step},
                             measure_of(o, tools));
  std::vector<PruneIteration> rounds = pruner.prune_and_finetune(
      tools.train, [&](const graph::Model& now) { return validated(tools, now); });
  return {pruner.make_permanent(), std::move(rounds), {}, {}};
}

}  // namespace

EnumTable enum_table(PruneMethod /*of*/) {
  static constexpr EnumName kNames[] = {{PruneMethod::kMagnitude, "magnitude"},
                                        {PruneMethod::kStructured, "structured"},
                                        {PruneMethod::kIterative, "iterative"},
                                        {PruneMethod::kSensitivity, "sensitivity"},
                                        {PruneMethod::kLottery, "lottery"}};
  return {"pruning method", kNames};
}

void visit_fields(FieldVisitor& visitor, PruneOptions& o) {
  visitor.group("Pruning");
  visitor.field("method", o.method, "what goes, and when");
  visitor.field("amount", o.amount,
                "part of the weights, or of the units of each group, that goes; default: 0.5, "
                "structured 0.3, or what N:M makes",
                above(0).below(1));
  visitor.field("pattern", o.pattern,
                "element; block: 16 outputs x 4 inputs, which the runtime skips; or N:M, N of M "
                "inputs stay");
  visitor.field("scope", o.scope,
                "global: layers meet the amount together; layer: each; default: global, structured "
                "layer");
  visitor.field("criterion", o.criterion, "what tells how little a weight matters");
  visitor.field("layers", o.layers, "amount of one layer, by its path; 0 leaves it alone",
                at_least(0).below(1), {.flag = "layer"});
  visitor.field("most_of_layer", o.most_of_layer,
                "part that one layer may lose to a global amount; default: 0.99, structured 0.9",
                above(0).to(1));
  visitor.field("multiple", o.multiple, "structured: large groups keep a multiple of it",
                between(1, 256));
  visitor.field("inexact", o.inexact,
                "structured: also units under a layer norm, whose removal changes the others");
  visitor.field("iterations", o.iterations, "iterative, lottery: times that it prunes and trains",
                between(1, 1000));
  visitor.field("schedule", o.schedule, "iterative: how much each iteration takes");
  visitor.field("probe_amount", o.probe_amount,
                "sensitivity: part of a layer that goes while it is measured", above(0).below(1));
  visitor.field("rewind_step", o.rewind_step,
                "lottery: training step whose weights survivors go back to", at_least(0));
}

void validate(const PruneOptions& o) {
  check_fields(o);
  if (o.method != PruneMethod::kStructured) return validate(magnitude_of(o));
  require_field(o.pattern == "element", "pattern",
                "is {}, but `method` structured takes out whole units; leave it out", o.pattern);
  validate(structured_of(o));
}

PruneOutcome prune_model(graph::Model model, const PruneOptions& options, const PruneTools& tools) {
  validate(options);
  switch (options.method) {
    case PruneMethod::kMagnitude:
      return by_magnitude(std::move(model), options, tools);
    case PruneMethod::kStructured:
      return by_units(std::move(model), options, tools);
    case PruneMethod::kIterative:
      return in_steps(std::move(model), options, tools);
    case PruneMethod::kSensitivity:
      return by_sensitivity(std::move(model), options, tools);
    case PruneMethod::kLottery:
      return by_lottery(std::move(model), options, tools);
  }
  fail(ErrorCode::kInternal, "pruning method {} is not known", static_cast<int>(options.method));
}

}  // namespace nest::compress
