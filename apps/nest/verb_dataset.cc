#include "nest/data/revise.h"
#include "nest/data/summary.h"
#include "verb.h"

namespace nest {
namespace {

struct DatasetArguments : VerbArguments {
  data::DatasetOptions open;
  data::RevisionOptions revision;
};

int run_dataset(const DatasetArguments& a) {
  data::Dataset dataset = data::Dataset::open(a.revision.data, a.open);
  std::size_t problems = dataset.problems().size();
  if (data::changes_anything(a.revision)) {
    dataset = data::revise_dataset(dataset, a.revision, command_job());
  }
  const data::DatasetSummary summary = data::summarize(dataset);
  print_report(a.json, to_json(summary, dataset), data::summary_text(summary, dataset));
  if (problems == 0) return 0;
  log_error("{} utterances have problems and were left out", problems);
  return exit_code(ErrorCode::kCheckFailed);
}

}  // namespace

void add_dataset(CommandLine& line) {
  add_verb<DatasetArguments>(
      line, "dataset", "Check, sum up, split, resample or normalise a dataset that exists",
      [](Flags& flags, DatasetArguments& a) {
        register_flags(flags, a.revision);
        register_flags(flags, a.open, {.without = {"resample"}});
      },
      run_dataset);
}

}  // namespace nest
