#include "nest/train/objective.h"

#include <torch/torch.h>

#include "ctc_rows.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/graph/frames.h"
#include "nest/train/loss.h"
#include "outputs.h"

namespace nest::train {
namespace {

Loss ctc(const Outputs& out, const Batch& batch, const graph::Model& model,
         const ObjectiveOptions& options) {
  const CtcRows rows = options.text_within_s > 0
                           ? rows_by_time(out, batch, model, options.text_within_s)
                           : whole_rows(out, batch);
  const torch::Tensor misfits =
      ctc_fits(rows.frames, rows.tokens, rows.token_lengths).logical_not();
  const torch::Tensor counted = torch::zeros({batch.size()}, torch::kInt64)
                                    .index_add(0, rows.item, misfits.to(torch::kInt64)) == 0;
  const torch::Tensor kept = counted.index_select(0, rows.item).nonzero().squeeze(1);
  Loss loss;
  loss.items = counted.sum().item<std::int64_t>();
  loss.skipped = batch.size() - loss.items;
  loss.tokens = rows.token_lengths.index_select(0, kept).sum().item<std::int64_t>();
  if (loss.items == 0) {
    loss.sum = out.scores.sum() * 0;
    return loss;
  }
  const torch::Device device = out.scores.device();
  loss.sum =
      loss_ctc(rows.scores.index_select(0, kept.to(device)), rows.frames.index_select(0, kept),
               rows.tokens.index_select(0, kept).to(device),
               rows.token_lengths.index_select(0, kept), model.vocabulary.blank_id)
          .sum();
  return loss;
}

Loss transducer(const Outputs& out, const Batch& batch, const graph::Model& model) {
  const torch::Tensor losses =
      loss_rnnt(out.scores, out.frames, batch.tokens.to(out.scores.device()), batch.token_lengths,
                model.vocabulary.blank_id);
  return {losses.sum(), batch.token_lengths.sum().item<std::int64_t>(), batch.size(), 0};
}

/// Targets followed by the end token, [B, U + 1].
torch::Tensor with_end(const Batch& batch, std::int64_t eos) {
  torch::Tensor targets = torch::zeros({batch.size(), batch.tokens.size(1) + 1}, torch::kInt64);
  targets.slice(1, 0, batch.tokens.size(1)).copy_(batch.tokens);
  return targets.scatter(1, batch.token_lengths.unsqueeze(1), eos);
}

/// Cross entropy of every token and the end token, given those before it.
Loss cross_entropy(const Outputs& out, const Batch& batch, const graph::Model& model,
                   const ObjectiveOptions& options) {
  const torch::Tensor lengths = batch.token_lengths + 1;
  const torch::Tensor targets = with_end(batch, model.vocabulary.eos_id).to(out.scores.device());
  const torch::Tensor losses =
      loss_cross_entropy(out.scores, targets, lengths, options.label_smoothing);
  return {losses.sum(), lengths.sum().item<std::int64_t>(), batch.size(), 0};
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ObjectiveOptions& o) {
  visitor.field("label_smoothing", o.label_smoothing, "attention", at_least(0).below(1));
  visitor.field("sampling", o.sampling, "attention: part of own tokens as input", between(0, 1));
  visitor.field("seed", o.seed, "of the sampling");
  visitor.field("text_within_s", o.text_within_s, "CTC: seconds behind an utterance", at_least(0));
}

torch::Tensor encoder_frames(const graph::Model& model, const torch::Tensor& lengths) {
  std::vector<std::int64_t> frames;
  for (std::int64_t b = 0; b < lengths.size(0); ++b) {
    frames.push_back(graph::num_frames(model, lengths[b].item<std::int64_t>()));
  }
  return torch::tensor(frames, torch::kInt64);
}

void check_tokens(const Batch& batch, const graph::Vocabulary& vocabulary) {
  require(batch.tokens.numel() == 0 || (batch.tokens.min().item<std::int64_t>() >= 0 &&
                                        batch.tokens.max().item<std::int64_t>() < vocabulary.size),
          ErrorCode::kInvalidArgument, "a target token is outside the vocabulary of {}",
          vocabulary.size);
}

torch::Tensor counted_items(const Outputs& outputs, const Batch& batch, graph::Family family) {
  if (family != graph::Family::kCtc) return torch::ones({batch.size()}, torch::kBool);
  return ctc_fits(outputs.frames, batch.tokens, batch.token_lengths);
}

Loss loss_of(const Outputs& outputs, const Batch& batch, const graph::Model& model,
             const ObjectiveOptions& options) {
  if (model.family == graph::Family::kCtc) return ctc(outputs, batch, model, options);
  if (model.family == graph::Family::kTransducer) return transducer(outputs, batch, model);
  return cross_entropy(outputs, batch, model, options);
}

Loss compute_loss(nn::TorchExecutor& executor, const Batch& batch,
                  const ObjectiveOptions& options) {
  check_tokens(batch, executor.model().vocabulary);
  return loss_of(run_model(executor, batch, options), batch, executor.model(), options);
}

}  // namespace nest::train
