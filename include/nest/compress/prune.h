#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nest/compress/iterative_pruner.h"
#include "nest/compress/sensitivity_pruner.h"
#include "nest/compress/structured_pruner.h"
#include "nest/core/json_fwd.h"

namespace nest::compress {

enum class PruneMethod : std::uint8_t {
  kMagnitude,
  kStructured,
  kIterative,
  kSensitivity,
  kLottery,
};
EnumTable enum_table(PruneMethod of);  ///< "magnitude", "structured", "iterative", ...

/// Every pruner's options under one roof; a field holds for the pruners that have it.
struct PruneOptions {
  PruneMethod method = PruneMethod::kMagnitude;
  std::optional<double> amount = {};  ///< unset: 0.5, structured 0.3, or what N:M makes
  std::string pattern = "element";
  std::optional<PruneScope> scope = {};  ///< unset: global, structured by layer
  PruneCriterion criterion = PruneCriterion::kMagnitude;
  StringMap<double> layers = {};
  std::optional<double> most_of_layer = {};  ///< unset: 0.99, structured 0.9
  std::int64_t multiple = 16;                ///< structured
  bool inexact = false;                      ///< structured
  std::int64_t iterations = 5;               ///< iterative; of lottery the rounds
  PruneSchedule schedule = PruneSchedule::kCubic;
  double probe_amount = 0.5;     ///< sensitivity
  std::int64_t rewind_step = 0;  ///< lottery
};
void visit_fields(FieldVisitor& visitor, PruneOptions& options);
/// Errors: FieldError; for structured also a pattern.
void validate(const PruneOptions& options);

/// What pruning may call; empty where there is no data or no training.
struct PruneTools {
  TrainFn train;
  ValidateFn validate;
  MeasureFn measure;  ///< for criteria other than magnitude
};

struct PruneOutcome {
  graph::Model model;                      ///< plain: no masks
  std::vector<PruneIteration> iterations;  ///< of iterative and lottery
  Sensitivities sensitivities;             ///< of sensitivity
  std::vector<GroupPlan> groups;           ///< of structured: those that lost units
};

/// Prunes with the pruner of the method, and trains where there is a `train`: after pruning (the
/// small model itself if units went), iterative after each iteration. The outcome of lottery is the
/// ticket, at the weights of its step.
/// Errors: those of the pruners; InvalidArgument if the method needs a tool that is not there.
PruneOutcome prune_model(graph::Model model, const PruneOptions& options, const PruneTools& tools);

/// {"groups": [{"name", "kind", "before", "after", "is_exact"}], "iterations": [{"iteration",
/// "sparsity", "cer"}], "sensitivities": {layer: rise}}; `cer` null where nothing validated.
Json to_json(const PruneOutcome& outcome);
/// The same for people, a line each.
std::string outcome_text(const PruneOutcome& outcome);

}  // namespace nest::compress
