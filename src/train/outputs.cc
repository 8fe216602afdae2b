#include "outputs.h"

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::train {
namespace {

/// [B, 1 + U]: a first token, then the targets.
torch::Tensor with_start(const Batch& batch, std::int64_t start) {
  const torch::Tensor first = torch::full({batch.size(), 1}, start, torch::kInt64);
  return torch::cat({first, batch.tokens}, 1);
}

struct Encoded {
  torch::Tensor output;
  torch::Tensor frames;
};

Encoded encode(nn::TorchExecutor& executor, const Batch& batch) {
  nn::NamedTensors outputs =
      executor.forward("encoder", {{"eeg_data", batch.signal}, {"lengths", batch.lengths}});
  const torch::Tensor output = outputs.at("encoder_output");
  if (!batch.window_frames.defined()) {
    return {output, encoder_frames(executor.model(), batch.lengths)};
  }
  const torch::Tensor rows = output.flatten(0, 1);
  const torch::Tensor picked =
      rows.index_select(0, batch.window_frames.clamp_min(0).flatten().to(output.device()));
  return {picked.view({batch.size(), batch.window_frames.size(1), rows.size(1)}),
          (batch.window_frames >= 0).sum(1)};
}

Outputs run_transducer(nn::TorchExecutor& executor, const Batch& batch) {
  const torch::Tensor given = with_start(batch, executor.model().vocabulary.blank_id);
  const Encoded encoded = encode(executor, batch);
  const nn::NamedTensors predicted = executor.forward("predictor", {{"tokens", given}});
  const nn::NamedTensors joined =
      executor.forward("joiner", {{"encoder_output", encoded.output},
                                  {"prediction_output", predicted.at("prediction_output")}});
  return {joined.at("logits"), encoded.frames, given};
}

/// The true token, or for a drawn part of the items the one the model found most likely.
torch::Tensor choose_input(const torch::Tensor& truth, const torch::Tensor& logits,
                           double probability, Rng& rng) {
  if (probability <= 0 || !logits.defined()) return truth;
  torch::Tensor tokens = truth.clone();
  const torch::Tensor own = logits.detach().argmax(-1).to(torch::kCPU);
  for (std::int64_t b = 0; b < tokens.size(0); ++b) {
    if (rng.uniform() < probability) tokens[b] = own[b];
  }
  return tokens;
}

Outputs run_attention(nn::TorchExecutor& executor, const Batch& batch,
                      const ObjectiveOptions& options, const torch::Tensor& asked) {
  const graph::Model& model = executor.model();
  const Encoded encoded = encode(executor, batch);
  const double sampling = asked.defined() ? 0 : options.sampling;
  const torch::Tensor inputs = asked.defined() ? asked : with_start(batch, model.vocabulary.sos_id);
  const graph::Graph& step_graph = model.graph("decoder_step");
  Rng rng(options.seed, "scheduled sampling");
  nn::NamedTensors state;
  std::vector<torch::Tensor> steps, given;
  torch::Tensor logits;
  for (std::int64_t u = 0; u < inputs.size(1); ++u) {
    nn::NamedTensors step = state;
    given.push_back(choose_input(inputs.select(1, u), logits, sampling, rng));
    step.insert_or_assign("token", given.back().unsqueeze(1));
    step.insert_or_assign("encoder_output", encoded.output);
    step.insert_or_assign("lengths", encoded.frames);
    const nn::NamedTensors result = executor.forward("decoder_step", step);
    logits = result.at("logits");
    steps.push_back(logits);
    for (const graph::Port& port : step_graph.outputs) {
      if (!port.feeds.empty()) state.insert_or_assign(port.feeds, result.at(port.name));
    }
  }
  return {torch::stack(steps, 1), encoded.frames, torch::stack(given, 1)};
}

Outputs run_language(nn::TorchExecutor& executor, const Batch& batch) {
  const torch::Tensor given = with_start(batch, executor.model().vocabulary.sos_id);
  return {executor.forward("lm", {{"tokens", given}}).at("log_probs"), {}, given};
}

}  // namespace

CtcOutput run_ctc(nn::TorchExecutor& executor, const Batch& batch) {
  const Encoded encoded = encode(executor, batch);
  const nn::NamedTensors head = executor.forward("ctc_head", {{"encoder_output", encoded.output}});
  return {head.at("log_probs"), encoded.frames};
}

Outputs run_model(nn::TorchExecutor& executor, const Batch& batch, const ObjectiveOptions& options,
                  const torch::Tensor& given) {
  switch (executor.model().family) {
    case graph::Family::kCtc: {
      const CtcOutput out = run_ctc(executor, batch);
      return {out.log_probs, out.frames, {}};
    }
    case graph::Family::kTransducer:
      return run_transducer(executor, batch);
    case graph::Family::kAttention:
      return run_attention(executor, batch, options, given);
    case graph::Family::kLanguage:
      return run_language(executor, batch);
    case graph::Family::kBlock:
      break;
  }
  fail(ErrorCode::kInvalidArgument, "'{}' is a single block; only whole models are trained",
       executor.model().name);
}

}  // namespace nest::train
