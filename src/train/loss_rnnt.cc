#include <cmath>
#include <limits>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/train/loss.h"

namespace nest::train {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a == kNever) return b;
  if (b == kNever) return a;
  return a > b ? a + std::log1p(std::exp(b - a)) : b + std::log1p(std::exp(a - b));
}

/// The lattice of one item: log-probabilities of the two steps out of (t, u).
struct Lattice {
  std::int64_t frames;   ///< of this item
  std::int64_t labels;   ///< of this item
  std::int64_t columns;  ///< U + 1 of the batch: the row stride of blank
  const double* blank;   ///< [T, U + 1]
  const double* label;   ///< [T, U]

  double blank_at(std::int64_t t, std::int64_t u) const { return blank[t * columns + u]; }
  double label_at(std::int64_t t, std::int64_t u) const { return label[t * (columns - 1) + u]; }
};

using Sums = std::vector<double>;

/// log P(reaching (t, u)).
Sums forward_grid(const Lattice& a) {
  Sums grid(static_cast<std::size_t>(a.frames * a.columns), kNever);
  const auto at = [&](std::int64_t t, std::int64_t u) -> double& {
    return grid[static_cast<std::size_t>(t * a.columns + u)];
  };
  at(0, 0) = 0;
  for (std::int64_t t = 0; t < a.frames; ++t) {
    for (std::int64_t u = 0; u <= a.labels; ++u) {
      if (t > 0) at(t, u) = at(t - 1, u) + a.blank_at(t - 1, u);
      if (u > 0) at(t, u) = log_add(at(t, u), at(t, u - 1) + a.label_at(t, u - 1));
    }
  }
  return grid;
}

/// log P(finishing from (t, u)); the last step is a blank from (T - 1, U).
Sums backward_grid(const Lattice& a) {
  Sums grid(static_cast<std::size_t>(a.frames * a.columns), kNever);
  const auto at = [&](std::int64_t t, std::int64_t u) -> double& {
    return grid[static_cast<std::size_t>(t * a.columns + u)];
  };
  for (std::int64_t t = a.frames - 1; t >= 0; --t) {
    for (std::int64_t u = a.labels; u >= 0; --u) {
      const bool is_end = t == a.frames - 1 && u == a.labels;
      double value = is_end ? a.blank_at(t, u) : kNever;
      if (t + 1 < a.frames) value = a.blank_at(t, u) + at(t + 1, u);
      if (u < a.labels) value = log_add(value, a.label_at(t, u) + at(t, u + 1));
      at(t, u) = value;
    }
  }
  return grid;
}

/// Writes d(-log P)/d(step) = -P(step is taken | target) and returns -log P.
double solve(const Lattice& a, double* blank_gradient, double* label_gradient) {
  const Sums reach = forward_grid(a);
  const Sums finish = backward_grid(a);
  const double total = finish[0];
  if (total == kNever) return std::numeric_limits<double>::infinity();
  const auto index = [&](std::int64_t t, std::int64_t u) {
    return static_cast<std::size_t>(t * a.columns + u);
  };
  for (std::int64_t t = 0; t < a.frames; ++t) {
    for (std::int64_t u = 0; u <= a.labels; ++u) {
      const double before = reach[index(t, u)] - total;
      const bool is_end = t == a.frames - 1 && u == a.labels;
      const double after = t + 1 < a.frames ? finish[index(t + 1, u)] : is_end ? 0 : kNever;
      blank_gradient[t * a.columns + u] = -std::exp(before + a.blank_at(t, u) + after);
      if (u < a.labels) {
        label_gradient[t * (a.columns - 1) + u] =
            -std::exp(before + a.label_at(t, u) + finish[index(t, u + 1)]);
      }
    }
  }
  return -total;
}

class TransducerLattice : public torch::autograd::Function<TransducerLattice> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& blank, const torch::Tensor& label,
                               const torch::Tensor& frames, const torch::Tensor& lengths) {
    const torch::Tensor b = blank.detach().to(torch::kCPU, torch::kFloat64).contiguous();
    const torch::Tensor l = label.detach().to(torch::kCPU, torch::kFloat64).contiguous();
    torch::Tensor db = torch::zeros_like(b);
    torch::Tensor dl = torch::zeros_like(l);
    torch::Tensor loss = torch::zeros({b.size(0)}, b.options());
    const std::int64_t columns = b.size(2);
    const std::int64_t plane = b.size(1) * columns;
    const std::int64_t label_plane = b.size(1) * (columns - 1);
    at::parallel_for(0, b.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const Lattice lattice{
            frames.data_ptr<std::int64_t>()[i], lengths.data_ptr<std::int64_t>()[i], columns,
            b.data_ptr<double>() + i * plane, l.data_ptr<double>() + i * label_plane};
        loss.data_ptr<double>()[i] = solve(lattice, db.data_ptr<double>() + i * plane,
                                           dl.data_ptr<double>() + i * label_plane);
      }
    });
    context->save_for_backward({db.to(blank.options()), dl.to(label.options())});
    return loss.to(blank.options());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const torch::Tensor scale = grads[0].reshape({-1, 1, 1});
    return {saved[0] * scale, saved[1] * scale, {}, {}};
  }
};

}  // namespace

torch::Tensor loss_rnnt(const torch::Tensor& logits, const torch::Tensor& frames,
                        const torch::Tensor& targets, const torch::Tensor& target_lengths,
                        std::int64_t blank) {
  require(logits.dim() == 4 && targets.dim() == 2 && logits.size(0) == targets.size(0) &&
              logits.size(2) == targets.size(1) + 1,
          ErrorCode::kInvalidArgument, "transducer loss expects logits [B, T, U + 1, V] for U = {}",
          targets.dim() == 2 ? targets.size(1) : -1);
  const torch::Tensor t = frames.to(torch::kCPU, torch::kInt64).contiguous();
  const torch::Tensor u = target_lengths.to(torch::kCPU, torch::kInt64).contiguous();
  require(t.min().item<std::int64_t>() >= 1 && t.max().item<std::int64_t>() <= logits.size(1) &&
              u.min().item<std::int64_t>() >= 0 && u.max().item<std::int64_t>() <= targets.size(1),
          ErrorCode::kInvalidArgument, "frames or target lengths exceed the logits");
  const torch::Tensor log_probs = torch::log_softmax(logits, -1);
  const torch::Tensor inside = torch::arange(targets.size(1)).unsqueeze(0) < u.unsqueeze(1);
  const torch::Tensor index = targets.masked_fill(inside.logical_not().to(targets.device()), 0)
                                  .reshape({targets.size(0), 1, targets.size(1), 1})
                                  .expand({-1, logits.size(1), -1, 1});
  const torch::Tensor label = log_probs.slice(2, 0, targets.size(1)).gather(3, index).squeeze(3);
  return TransducerLattice::apply(log_probs.select(3, blank), label, t, u);
}

}  // namespace nest::train
