#include "nest/eval/model_compressor.h"

#include <algorithm>
#include <set>

#include "eval/candidate_search.h"
#include "nest/compress/layers.h"
#include "nest/compress/structured_pruner.h"
#include "nest/core/error.h"
#include "nest/core/field_error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "nest/core/processor.h"
#include "nest/deploy/prepared_model.h"

namespace nest::eval {
namespace {

Json settings_of(const std::filesystem::path& model, const CompressOptions& options,
                 const CompressTools& tools) {
  const auto file = MappedFile::open(model);
  Json settings = nest::to_json(options);
  settings["model"] = fmt::format("{} bytes, CRC-32 {:08x}", file->size(), crc32(file->bytes()));
  settings["training"] = tools.training;
  if (tools.student) settings["student"] = tools.student->config;
  settings["baseline"] = tools.baseline.executor;
  return settings;
}

StepModel step_model(const std::string& name, const graph::Model& model, std::uintmax_t file_bytes,
                     const recognize::ExecutorOptions& executor = {}) {
  return {name, recognize::make_bundle(recognize::make_runnable(model, executor)),
          compress::figures_of(model), file_bytes};
}

/// Errors of the pruner's constructor: paths without units.
compress::StructuredOptions units_of(const CompressOptions& options) {
  compress::StructuredOptions units;
  for (const std::string& path : options.keep) units.layers[path] = 0;
  return units;
}

/// The float model on what it is compared with and on the native runtime, the small one in floats,
/// and the chosen one.
std::vector<StepModel> road_to(const compress::TriedModel& chosen,
                               const std::vector<compress::TriedModel>& all,
                               const graph::Model& floats, const std::filesystem::path& folder,
                               const CompressTools& tools) {
  const auto float_bytes = static_cast<std::uintmax_t>(all.front().bytes);
  std::vector<StepModel> road;
  if (tools.baseline.executor != "native")
    road.push_back(
        step_model("float on " + tools.baseline.executor, floats, float_bytes, tools.baseline));
  road.push_back(step_model("float", floats, float_bytes));
  const std::string base = CandidateSearch::base_of(chosen.name);
  for (const compress::TriedModel& one : all) {
    if (one.file.empty() || (one.name != base && one.name != chosen.name)) continue;
    road.push_back(step_model(one.name, deploy::load_model(folder / one.file),
                              static_cast<std::uintmax_t>(one.bytes)));
  }
  return road;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, CompressOptions& o) {
  visitor.part("", o.goal);
  visitor.group("Search");
  visitor.field("amounts", o.amounts,
                "parts of the units that go, ascending; each small model is made of the one before",
                above(0).below(1));
  visitor.field("multiple", o.multiple, "of units that large groups keep", between(1, 256));
  visitor.field("keep", o.keep, "paths below which all units stay: spatial_cnn", {},
                {.flag = "keep-units"});
  visitor.field("calibrate_split", o.calibration.split, "signals that fix the scales of codes");
  visitor.field("calibrate_utterances", o.calibration.utterances, "of that split", at_least(1));
  visitor.field("search_split", o.search_split,
                "whose errors choose; auto: valid, validation, or the training split");
  visitor.field("search_utterances", o.search_utterances, "at most so many of it", at_least(1));
  visitor.part("", o.data);
}

void validate(const CompressOptions& o) {
  check_fields(o);
  require_field(std::ranges::is_sorted(o.amounts, std::less_equal{}), "amounts",
                "are not ascending; each small model is made of the one before it");
  require_field(o.search_split != "test", "search_split", "is test, which is for the table alone");
  require_field(o.calibration.split != "test", "calibrate_split",
                "is test, which is for the table alone");
}

CompressOutcome compress_model(const std::filesystem::path& model, const std::filesystem::path& out,
                               const CompressOptions& options, const CompressTools& tools,
                               bool resume, const Job& job) {
  validate(options);
  const graph::Model floats = recognize::load_weights(model);
  compress::require_float(floats);
  require(!tools.student || tools.train_student, ErrorCode::kInvalidArgument,
          "a student has random weights; give what trains it");
  require_sets(options.data, floats);
  if (!options.keep.empty()) (void)compress::StructuredPruner(floats, units_of(options));
  SearchState state(out, settings_of(model, options, tools), resume);
  CandidateSearch search(floats, std::filesystem::file_size(model), options, tools, state, job);
  CompressOutcome outcome;
  outcome.machine = processor_name();
  outcome.candidates = search.run();
  outcome.pareto = compress::pareto_set(outcome.candidates);
  const std::span<const compress::TriedModel> smaller = std::span(outcome.candidates).subspan(1);
  const std::size_t best =
      compress::choose_candidate(smaller, outcome.candidates.front(), options.goal);
  require(best < smaller.size(), ErrorCode::kCheckFailed,
          "no smaller model is within {} points of character errors ({} tried, in {}); train "
          "longer (`epochs`), take fewer units out (`amounts`) or allow more",
          options.goal.max_cer_increase, smaller.size(), out.string());
  outcome.chosen = best + 1;
  const compress::TriedModel& chosen = outcome.candidates[outcome.chosen];
  outcome.file = out / "model.safetensors";
  const graph::Model small = deploy::load_model(out / chosen.file);
  write_text_file(outcome.file, read_text_file(out / chosen.file));
  deploy::write_model(small, out / "model.prepared");
  outcome.steps =
      measure_steps(road_to(chosen, outcome.candidates, floats, out, tools), options.data, job);
  write_text_file(out / "compress.json", json_text(to_json(outcome, options), 1) + "\n");
  write_text_file(out / "report.html", outcome_html(outcome, options));
  return outcome;
}

}  // namespace nest::eval
