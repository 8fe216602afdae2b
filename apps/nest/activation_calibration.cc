#include "activation_calibration.h"

#include <algorithm>
#include <memory>
#include <set>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/decode/model_recognizer.h"
#include "nest/eval/eval_set.h"
#include "nest/runtime/executor.h"

namespace nest {
namespace {

/// Scales of convolutions only.
void keep_convolutions(const graph::Model& model,
                       std::map<std::string, float, std::less<>>& scales) {
  std::set<std::string> convolutions;
  for (const auto& [name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      if (std::holds_alternative<graph::Conv>(node.op)) convolutions.insert(node.name);
    }
  }
  std::erase_if(scales, [&](const auto& entry) { return !convolutions.contains(entry.first); });
}

}  // namespace

void register_flags(Flags& flags, CalibrationOptions& options) {
  flags.group("Fixed scales of 8-bit activations (.prepared)");
  flags.add("calibrate", options.data, "dataset folder whose signals show how large they become");
  flags.add("calibrate-split", options.split, "which split of it");
  flags.add("calibrate-utterances", options.utterances, "how many, evenly spaced over the split");
  flags.add("fixed-scales", options.fixed, "of which products; the others find theirs row by row")
      .choices({"convolutions", "all"});
}

void validate(const CalibrationOptions& options) {
  require(options.utterances > 0, ErrorCode::kInvalidArgument,
          "--calibrate-utterances is {}, must be above 0", options.utterances);
}

std::map<std::string, float, std::less<>> calibrate_activations(const graph::Model& model,
                                                                const CalibrationOptions& options,
                                                                const Job& job) {
  validate(options);
  const eval::EvalSet set =
      eval::open_eval_set(options.data, {options.split, "", ""}, model.signal);
  runtime::Options recording;
  recording.record_activations = true;
  const auto prepared = std::make_shared<const runtime::PreparedModel>(model, recording);
  runtime::NativeExecutor executor(prepared);
  decode::ModelRecognizer recognizer(executor, {});
  const std::size_t total = set.utterances.size();
  const std::size_t count = std::min(total, static_cast<std::size_t>(options.utterances));
  Progress progress(job, "calibrate", static_cast<std::int64_t>(count), "utterances");
  for (std::size_t i = 0; i < count; ++i) {
    job.check_stop("nothing was written");
    const std::size_t index = i * total / count;
    const Tensor signal = set.load(index);
    recognizer.recognize({&signal, 1});
    progress.advance(1);
  }
  auto scales = runtime::activation_scales(prepared->activation_maxima());
  if (options.fixed == "convolutions") keep_convolutions(model, scales);
  log_info("{} activations calibrated on {} of {} utterances", scales.size(), count, total);
  return scales;
}

}  // namespace nest
