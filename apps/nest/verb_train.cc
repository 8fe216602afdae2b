#include <memory>

#include <fmt/format.h>

#include "nest/core/flags.h"
#include "nest/core/json.h"
#include "nest/train/run.h"

namespace nest {

void add_train(CommandLine& line) {
  line.add_verb("train", "Train a model on a dataset folder; a stopped run can be resumed exactly",
                [](Flags& flags) -> CommandLine::Run {
                  auto run = std::make_shared<train::RunOptions>();
                  auto options = std::make_shared<train::TrainOptions>();
                  auto json = std::make_shared<bool>(false);
                  train::register_flags(flags, *run);
                  train::register_flags(flags, *options);
                  flags.add("json", *json, "print JSON");
                  return [run, options, json] {
                    const Json report = train::run_training(*run, *options);
                    if (*json) {
                      fmt::print("{}\n", report.dump(2));
                      return 0;
                    }
                    fmt::print("{} after {} epochs ({} steps): best {} {} in epoch {}\n",
                               report["finished"].get<bool>() ? "finished" : "stopped",
                               report["epochs"].dump(), report["steps"].dump(),
                               report["monitor"].get<std::string>(), report["best_score"].dump(),
                               report["best_epoch"].dump());
                    fmt::print("weights: {0}/best.pt and {0}/last.pt, log: {0}/log.jsonl\n",
                               run->out);
                    return 0;
                  };
                });
}

}  // namespace nest
