#include "nest/train/objective.h"

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/rng.h"
#include "nest/graph/frames.h"
#include "nest/train/loss.h"

namespace nest::train {
namespace {

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

/// [B, 1 + U]: a first token, then the targets.
torch::Tensor with_start(const Batch& batch, std::int64_t start) {
  const torch::Tensor first = torch::full({batch.size(), 1}, start, torch::kInt64);
  return torch::cat({first, batch.tokens}, 1);
}

Loss ctc(nn::TorchExecutor& executor, const Batch& batch) {
  const CtcOutput out = run_ctc(executor, batch);
  const torch::Tensor fits = ctc_fits(out.frames, batch.tokens, batch.token_lengths);
  const torch::Tensor kept = fits.nonzero().squeeze(1);
  Loss loss;
  loss.items = kept.size(0);
  loss.skipped = batch.size() - loss.items;
  loss.tokens = batch.token_lengths.index_select(0, kept).sum().item<std::int64_t>();
  if (loss.items == 0) {
    loss.sum = out.log_probs.sum() * 0;
    return loss;
  }
  const torch::Device device = out.log_probs.device();
  loss.sum =
      loss_ctc(out.log_probs.index_select(0, kept.to(device)), out.frames.index_select(0, kept),
               batch.tokens.index_select(0, kept).to(device),
               batch.token_lengths.index_select(0, kept), executor.model().vocabulary.blank_id)
          .sum();
  return loss;
}

Loss transducer(nn::TorchExecutor& executor, const Batch& batch) {
  const std::int64_t blank = executor.model().vocabulary.blank_id;
  const Encoded encoded = encode(executor, batch);
  const nn::NamedTensors predicted =
      executor.forward("predictor", {{"tokens", with_start(batch, blank)}});
  const nn::NamedTensors joined =
      executor.forward("joiner", {{"encoder_output", encoded.output},
                                  {"prediction_output", predicted.at("prediction_output")}});
  const torch::Tensor losses =
      loss_rnnt(joined.at("logits"), encoded.frames, batch.tokens.to(executor.device()),
                batch.token_lengths, blank);
  return {losses.sum(), batch.token_lengths.sum().item<std::int64_t>(), batch.size(), 0};
}

/// Targets followed by the end token, [B, U + 1].
torch::Tensor with_end(const Batch& batch, std::int64_t eos) {
  torch::Tensor targets = torch::zeros({batch.size(), batch.tokens.size(1) + 1}, torch::kInt64);
  targets.slice(1, 0, batch.tokens.size(1)).copy_(batch.tokens);
  return targets.scatter(1, batch.token_lengths.unsqueeze(1), eos);
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

Loss attention(nn::TorchExecutor& executor, const Batch& batch, const ObjectiveOptions& options) {
  const graph::Model& model = executor.model();
  const Encoded encoded = encode(executor, batch);
  const torch::Tensor inputs = with_start(batch, model.vocabulary.sos_id);
  const graph::Graph& step_graph = model.graph("decoder_step");
  Rng rng(options.seed, "scheduled sampling");
  nn::NamedTensors state;
  std::vector<torch::Tensor> steps;
  torch::Tensor logits;
  for (std::int64_t u = 0; u < inputs.size(1); ++u) {
    nn::NamedTensors step = state;
    const torch::Tensor token = choose_input(inputs.select(1, u), logits, options.sampling, rng);
    step.insert_or_assign("token", token.unsqueeze(1));
    step.insert_or_assign("encoder_output", encoded.output);
    step.insert_or_assign("lengths", encoded.frames);
    const nn::NamedTensors result = executor.forward("decoder_step", step);
    logits = result.at("logits");
    steps.push_back(logits);
    for (const graph::Port& port : step_graph.outputs) {
      if (!port.feeds.empty()) state.insert_or_assign(port.feeds, result.at(port.name));
    }
  }
  const torch::Tensor lengths = batch.token_lengths + 1;
  const torch::Tensor targets = with_end(batch, model.vocabulary.eos_id).to(executor.device());
  const torch::Tensor losses =
      loss_cross_entropy(torch::stack(steps, 1), targets, lengths, options.label_smoothing);
  return {losses.sum(), lengths.sum().item<std::int64_t>(), batch.size(), 0};
}

/// Cross entropy of every token and the end token, given those before it.
Loss language_model(nn::TorchExecutor& executor, const Batch& batch,
                    const ObjectiveOptions& options) {
  const graph::Vocabulary& vocabulary = executor.model().vocabulary;
  const nn::NamedTensors out =
      executor.forward("lm", {{"tokens", with_start(batch, vocabulary.sos_id)}});
  const torch::Tensor lengths = batch.token_lengths + 1;
  const torch::Tensor targets = with_end(batch, vocabulary.eos_id).to(executor.device());
  const torch::Tensor losses =
      loss_cross_entropy(out.at("log_probs"), targets, lengths, options.label_smoothing);
  return {losses.sum(), lengths.sum().item<std::int64_t>(), batch.size(), 0};
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ObjectiveOptions& o) {
  visitor.field("label_smoothing", o.label_smoothing, "attention", at_least(0).below(1));
  visitor.field("sampling", o.sampling, "attention: part of own tokens as input", between(0, 1));
  visitor.field("seed", o.seed, "of the sampling");
}

torch::Tensor encoder_frames(const graph::Model& model, const torch::Tensor& lengths) {
  std::vector<std::int64_t> frames;
  for (std::int64_t b = 0; b < lengths.size(0); ++b) {
    frames.push_back(graph::num_frames(model, lengths[b].item<std::int64_t>()));
  }
  return torch::tensor(frames, torch::kInt64);
}

CtcOutput run_ctc(nn::TorchExecutor& executor, const Batch& batch) {
  const Encoded encoded = encode(executor, batch);
  const nn::NamedTensors head = executor.forward("ctc_head", {{"encoder_output", encoded.output}});
  return {head.at("log_probs"), encoded.frames};
}

Loss compute_loss(nn::TorchExecutor& executor, const Batch& batch,
                  const ObjectiveOptions& options) {
  const graph::Vocabulary& vocabulary = executor.model().vocabulary;
  require(batch.tokens.numel() == 0 || (batch.tokens.min().item<std::int64_t>() >= 0 &&
                                        batch.tokens.max().item<std::int64_t>() < vocabulary.size),
          ErrorCode::kInvalidArgument, "a target token is outside the vocabulary of {}",
          vocabulary.size);
  switch (executor.model().family) {
    case graph::Family::kCtc:
      return ctc(executor, batch);
    case graph::Family::kTransducer:
      return transducer(executor, batch);
    case graph::Family::kAttention:
      return attention(executor, batch, options);
    case graph::Family::kLanguage:
      return language_model(executor, batch, options);
    case graph::Family::kBlock:
      break;
  }
  fail(ErrorCode::kInvalidArgument, "'{}' is a single block; only whole models are trained",
       executor.model().name);
}

}  // namespace nest::train
