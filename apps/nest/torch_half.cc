#include "torch_half.h"

#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "nest/nn/library_info.h"
#include "nest/nn/register.h"
#include "nest/train/fine_tuner.h"
#include "nest/train/run.h"
#include "terminal.h"

namespace nest {

void keep_command_line(char** /*argv*/) {}

void register_torch_executor() {
  nn::register_executor();
}

Json torch_info() {
  return nn::library_info();
}

Tuner fine_tuner(const std::string& data, const graph::Model& model,
                 const compress::FineTuneOptions& options, const std::string& folder) {
  const auto tuner = std::make_shared<train::FineTuner>(data, model, options);
  const auto runs = std::make_shared<int>(0);
  return {.train =
              [=](const graph::Model& start, const TensorMap& masks, std::int64_t steps) {
                const auto run = std::filesystem::path(folder) / std::to_string(++*runs);
                return tuner->train(start, masks, run, steps, command_job());
              },
          .measure =
              [tuner](const graph::Model& now) {
                return compress::PruneStatistics{.gradients = tuner->gradients(now, command_job()),
                                                 .activations = {}};
              }};
}

CommandLine::Run define_train(Flags& flags) {
  auto run = std::make_shared<train::RunOptions>();
  auto options = std::make_shared<train::TrainOptions>();
  options->torch.threads = 1;  // as on every verb
  auto json = std::make_shared<bool>(false);
  register_flags(flags, *run);
  register_flags(flags, *options);
  flags.add("json", *json, "print JSON");
  return [run, options, json, flags] {
    const Json report = train::run_training(*run, *options, flags.given(), command_job());
    const bool is_interrupted = report["interrupted"].get<bool>();
    const int code = is_interrupted ? exit_code(ErrorCode::kInterrupted) : 0;
    if (*json) {
      fmt::print("{}\n", json_text(report, 2));
      return code;
    }
    fmt::print("{} after {} epochs ({} steps)",
               report["finished"].get<bool>() ? "finished" : "stopped", report["epochs"].dump(),
               report["steps"].dump());
    if (report["best_epoch"].get<std::int64_t>() == 0) {
      fmt::print(", no epoch was validated yet\nweights: {}/last.pt\n", run->out);
      return code;
    }
    const auto monitor = report["monitor"].get<std::string>();
    const auto best = report["best_score"].get<double>();
    fmt::print(
        ": best {} {} in epoch {}\n", monitor,
        monitor == "loss" ? fmt::format("{:.4g}", best) : fmt::format("{:.1f} %", 100 * best),
        report["best_epoch"].dump());
    fmt::print("weights: {0}/best.pt and {0}/last.pt, log: {0}/log.jsonl\n", run->out);
    return code;
  };
}

}  // namespace nest
