#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nest/compress/callbacks.h"
#include "nest/compress/pareto.h"
#include "nest/core/job.h"
#include "nest/core/json.h"
#include "nest/eval/compress_table.h"
#include "nest/recognize/executors.h"

namespace nest::eval {

struct CompressOptions {
  compress::CompressGoal goal = {};
  StepDataOptions data = {};
  /// Parts of its units that each group loses, one small model each, made of the one before it.
  std::vector<double> amounts = {0.3, 0.5, 0.65};
  std::int64_t multiple = 8;           ///< of units that large groups keep
  std::vector<std::string> keep = {};  ///< paths whose units all stay
  SampleOptions calibration = {};      ///< signals that fix scales; its `data` is the dataset's own
  std::string search_split = "auto";  ///< whose errors choose: valid, validation, or the training's
  int search_utterances = 200;        ///< at most so many of it
};
void visit_fields(FieldVisitor& visitor, CompressOptions& options);
/// Errors: FieldError.
void validate(const CompressOptions& options);

/// What a search may call, and what its float model runs on.
struct CompressTools {
  compress::TrainFn train;          ///< null: units go without training
  compress::TrainFn train_codes;    ///< trains models of less than 8 bits; null: none
  compress::TrainFn train_student;  ///< of `student`
  /// A model of another shape with random weights (compress::student_of()); none: not tried.
  std::optional<graph::Model> student;
  Json training = {};                   ///< their options: a search goes on with the same
  recognize::ExecutorOptions baseline;  ///< of the float model: LibTorch where it is there
};

struct CompressOutcome {
  std::string machine;                           ///< processor on which times were measured
  std::vector<compress::TriedModel> candidates;  ///< the float model first
  std::vector<std::size_t> pareto;               ///< indices
  std::size_t chosen = 0;                        ///< 0: nothing else was within the goal's errors
  std::vector<CompressionStep> steps;            ///< float model to chosen one
  std::filesystem::path file;                    ///< the model that was chosen
};

/// Makes a float model smaller under a goal: takes units out of it step by step, trains what is
/// left, stores that in 8, in mixed and in 4 bits, trains those of less than 8 as their codes
/// compute, does the same with a student if there is one, measures each on data that chose no
/// weight, and keeps the best.
///
/// OUT/model.safetensors and OUT/model.prepared are the chosen model, OUT/compress.json and
/// OUT/report.html what was found. OUT/search.json and OUT/models keep every model that is done, so
/// that the search goes on after a kill with `resume`; times are measured again on another
/// processor. Whether convolutions multiply bytes or floats is what was faster here; their weights
/// are codes either way.
/// Errors: FieldError; InvalidArgument if OUT holds a search and `resume` is false, or one with
/// other options; those of the tools; Interrupted.
CompressOutcome compress_model(const std::filesystem::path& model, const std::filesystem::path& out,
                               const CompressOptions& options, const CompressTools& tools,
                               bool resume, const Job& job = {});

/// {"schema": "nest.compress/1", "machine", "in", "out", "before", "after", "change", "goals",
/// "candidates", "pareto", "chosen", "steps"}; before, after and change as CompressionReport.
Json to_json(const CompressOutcome& outcome, const CompressOptions& options);
/// The table of steps, and what became of the goal.
std::string outcome_text(const CompressOutcome& outcome, const CompressOptions& options);
/// One HTML file that needs nothing else: the table, all candidates, a plot of size and errors.
std::string outcome_html(const CompressOutcome& outcome, const CompressOptions& options);

}  // namespace nest::eval
