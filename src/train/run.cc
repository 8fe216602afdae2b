#include "nest/train/run.h"

#include <filesystem>
#include <optional>

#include "material.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/deploy/model_file.h"
#include "run_folder.h"

namespace nest::train {
namespace {

/// The cosine's end and floor, as PyTorch's CosineAnnealingLR takes them.
void apply_cosine(const Config& section, const FieldNames& given, TrainOptions& options) {
  const Config params = section.get("scheduler_params");
  if (params.has("T_max") && params.at("T_max").as_int() != options.epochs) {
    log_info("{}: the learning rate reaches its floor with the last of {} epochs",
             params.at("T_max").location(), options.epochs);
  }
  if (!params.has("eta_min") || given.contains("floor_factor")) return;
  const Config floor = params.at("eta_min");
  require(!section.has("floor_factor"), ErrorCode::kDataCorrupt,
          "{}: the same field as floor_factor; give one of them", floor.location());
  const double factor = floor.as_double() / options.optimizer.learning_rate;
  require(factor >= 0 && factor <= 1, ErrorCode::kDataCorrupt,
          "{}: is {}; it must be from 0 to the learning rate, {}", floor.location(),
          floor.as_double(), options.optimizer.learning_rate);
  options.schedule.floor_factor = factor;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, RunOptions& o) {
  visitor.field("data", o.data, "dataset folder");
  visitor.field("text", o.text, "language model: text files instead of the dataset's texts");
  visitor.field("validation_text", o.validation_text, "text files that decide what is best");
  visitor.field("config", o.config, "YAML with one map a model; a resumed run knows it");
  visitor.field("model_key", o.model_key, "which map of the configuration");
  visitor.field("out", o.out, "run folder", {}, {.flag = "output", .is_stored = false});
  visitor.field("tokenizer", o.tokenizer, "character, word, bpe or a tokenizer file");
  visitor.field("vocab_size", o.vocab_size, "bpe and word: largest vocabulary", at_least(8));
  visitor.field("train_split", o.train_split, "split to train on");
  visitor.field("validation_split", o.validation_split, "auto: validation or valid; empty: none");
  visitor.field("init", o.init, "checkpoint whose weights are the start");
  visitor.field("init_part", o.init_part, "what it gives: all, or one graph: encoder");
  visitor.field("resume", o.resume, "go on from OUT/last.pt as the run was started", {},
                kNotStored);
  visitor.field("overwrite", o.overwrite, "throw away the run that is in OUT", {}, kNotStored);
}

void validate(const RunOptions& o) {
  check_fields(o);
  require_field(o.train_split != "test", "train_split", "is test, which is for evaluation only");
  require_field(o.validation_split != "test", "validation_split",
                "is test, which is for evaluation only");
  require(o.data.empty() != o.text.empty(), ErrorCode::kInvalidArgument,
          "give either `data` (a dataset folder) or `text` (for a language model)");
  require_field(o.validation_text.empty() || !o.text.empty(), "validation_text",
                "goes with `text`; with `data` use `validation_split`");
  require_field(o.init_part == "all" || !o.init.empty(), "init_part",
                "is {}, but `init` names no checkpoint to take it from", o.init_part);
}

void apply_training_section(const Config& section, TrainOptions& options, const FieldNames& given) {
  if (section.is_null()) return;
  read_fields(section, options,
              {.keep = given, .known = {"scheduler_params.T_max", "scheduler_params.eta_min"}});
  apply_cosine(section, given, options);
}

namespace {

/// Both options as the run is to be: those of a run that is resumed, of the configuration, given.
void complete_options(RunOptions& run, TrainOptions& options, const FieldNames& given) {
  require_complete(run);
  require_free(run);
  const bool is_restored = run.resume && restore_options(run, options, given);
  validate(run);
  run.resume = run.resume && std::filesystem::exists(last_checkpoint(run));
  if (!is_restored) {
    const Config section = Config::load(run.config).at(run.model_key);
    apply_training_section(section.get("training"), options, given);
  }
  compress::DistillationOptions& distillation = options.distillation;
  require_field(!distillation.is_on() || !distillation.teacher.empty(), "teacher",
                "is missing; `distillation_weight` {} is of the distance from it",
                distillation.weight_or_default());
  distillation.teacher = absolute_path(distillation.teacher);
  nest::validate(options);
}

Json report_of(const RunOptions& run, const TrainOptions& options, const TrainResult& result,
               Json left_out) {
  return {{"out", run.out},
          {"finished", result.is_finished},
          {"interrupted", result.is_interrupted},
          {"epochs", result.epochs},
          {"steps", result.steps},
          {"monitor", name_of(options.monitor)},
          {"best_epoch", result.best_epoch + 1},
          {"best_score", result.best_score},
          {"last_epoch", result.history.empty() ? Json() : result.history.back()},
          {"left_out", std::move(left_out)},
          {"options", nest::to_json(options)}};
}

}  // namespace

Json run_training(RunOptions run, TrainOptions options, const FieldNames& given, const Job& job) {
  const bool was_to_resume = run.resume;
  complete_options(run, options, given);
  Communicator communicator(placement_from_environment());
  const bool is_main = communicator.rank() == 0;
  if (was_to_resume && !run.resume && is_main) {
    log_warn("{} does not exist: nothing to go on from, the run begins anew",
             last_checkpoint(run).string());
  }
  Material material = open_material(run, options, given);
  if (material.validation == nullptr) {
    log_warn("there is no validation part: the training loss decides which weights are best");
  }
  std::optional<graph::Model> teacher;
  if (options.distillation.is_on()) teacher = deploy::load_model(options.distillation.teacher);
  const TrainData data{.training = material.training.get(),
                       .validation = material.validation.get(),
                       .validator = material.validator,
                       .teacher = teacher ? &*teacher : nullptr};
  Trainer trainer(std::move(material.model), data, options, run.out, &communicator);
  if (run.resume) trainer.resume();
  if (is_main) {
    if (!run.resume) begin_folder(run, *material.tokenizer);
    write_record(run, options);
  }
  return report_of(run, options, trainer.run(job), std::move(material.left_out));
}

}  // namespace nest::train
