#include "torch_half.h"

#include <filesystem>
#include <memory>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/export/torchscript.h"
#include "nest/nn/library_info.h"
#include "nest/nn/register.h"
#include "nest/nn/torchscript.h"
#include "nest/train/fine_tuner.h"
#include "nest/train/run.h"
#include "nest/train/training_memory.h"
#include "terminal.h"

namespace nest {

void keep_command_line(char** /*argv*/) {}

void register_torch() {
  nn::register_executor();
  exports::register_torchscript(nn::write_torchscript);
  profile::register_training_meter(train::measure_training_memory);
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
    print_report(*json, report, train::run_text(report, run->out));
    return report["interrupted"].get<bool>() ? exit_code(ErrorCode::kInterrupted) : 0;
  };
}

}  // namespace nest
