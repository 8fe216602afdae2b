#include "nest/train/distillation.h"

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/train/loss.h"
#include "outputs.h"

namespace nest::train {
namespace {

bool has_other_tokens(const graph::Vocabulary& a, const graph::Vocabulary& b) {
  const bool is_named = !a.tokenizer.is_null() && !b.tokenizer.is_null();
  return a.size != b.size || a.blank_id != b.blank_id || a.sos_id != b.sos_id ||
         a.eos_id != b.eos_id || (is_named && a.tokenizer != b.tokenizer);
}

graph::Model checked(graph::Model teacher, const graph::Model& student) {
  require(teacher.family == student.family, ErrorCode::kInvalidArgument,
          "teacher '{}' is of family {}, the model of family {}; their outputs cannot be compared",
          teacher.name, name_of(teacher.family), name_of(student.family));
  require(!has_other_tokens(teacher.vocabulary, student.vocabulary), ErrorCode::kInvalidArgument,
          "teacher '{}' has another vocabulary ({} tokens) than the model ({}); give one that was "
          "trained with the same tokenizer",
          teacher.name, teacher.vocabulary.size, student.vocabulary.size);
  const std::int64_t theirs = teacher.signal.num_channels, ours = student.signal.num_channels;
  require(theirs == ours || theirs == 0 || ours == 0, ErrorCode::kInvalidArgument,
          "teacher '{}' reads {} channels, the model {}; both are shown the same signals",
          teacher.name, theirs, ours);
  return teacher;
}

void require_same_frames(const graph::Model& teacher, const graph::Model& student,
                         const Batch& batch) {
  if (student.family == graph::Family::kLanguage) return;
  const torch::Tensor theirs = encoder_frames(teacher, batch.lengths);
  const torch::Tensor ours = encoder_frames(student, batch.lengths);
  const std::int64_t longest = batch.lengths.argmax().item<std::int64_t>();
  require(torch::equal(theirs, ours), ErrorCode::kInvalidArgument,
          "the teacher makes {} frames of {} samples, the model {}; they are compared frame by "
          "frame, so both need the same stride",
          theirs[longest].item<std::int64_t>(), batch.lengths[longest].item<std::int64_t>(),
          ours[longest].item<std::int64_t>());
}

/// float [B, T]: 1 inside an item.
torch::Tensor inside(std::int64_t positions, const torch::Tensor& lengths) {
  return (torch::arange(positions).unsqueeze(0) < lengths.unsqueeze(1)).to(torch::kFloat32);
}

/// What each position of the scores counts in the divergence of its item.
torch::Tensor position_weights(const Outputs& out, const Batch& batch, graph::Family family) {
  const torch::Tensor steps = batch.token_lengths + 1;
  if (family == graph::Family::kCtc) return inside(out.scores.size(1), out.frames);
  if (family != graph::Family::kTransducer) return inside(out.scores.size(1), steps);
  const torch::Tensor labels = inside(out.scores.size(2), steps) / steps.unsqueeze(1);
  return inside(out.scores.size(1), out.frames).unsqueeze(2) * labels.unsqueeze(1);
}

}  // namespace

Teacher::Teacher(graph::Model model, const graph::Model& student, const nn::TorchOptions& torch,
                 const compress::DistillationOptions& options)
    : executor_(checked(std::move(model), student), torch),
      weight_(options.weight_or_default()),
      temperature_(options.temperature) {}

Loss Teacher::compute_loss(nn::TorchExecutor& student, const Batch& batch,
                           const ObjectiveOptions& options) {
  const graph::Model& model = student.model();
  check_tokens(batch, model.vocabulary);
  require_same_frames(executor_.model(), model, batch);
  const Outputs out = run_model(student, batch, options);
  Loss loss = loss_of(out, batch, model, options);
  Outputs taught;
  {
    const torch::NoGradGuard no_grad;
    taught = run_model(executor_, batch, {}, out.given);
  }
  const torch::Tensor counted = counted_items(out, batch, model.family).to(torch::kFloat32);
  const torch::Tensor divergence =
      loss_divergence(out.scores, taught.scores, position_weights(out, batch, model.family),
                      temperature_) *
      counted.to(out.scores.device());
  loss.sum = (1 - weight_) * loss.sum + weight_ * divergence.sum();
  return loss;
}

}  // namespace nest::train
