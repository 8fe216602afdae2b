#include "nest/train/loss.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/rng.h"

namespace nest::train {
namespace {

torch::Tensor random_logits(std::vector<std::int64_t> shape, std::uint64_t seed) {
  Rng rng(seed, "logits");
  torch::Tensor x = torch::empty(shape, torch::kFloat64);
  for (std::int64_t i = 0; i < x.numel(); ++i) x.data_ptr<double>()[i] = 1.5 * rng.normal();
  return x;
}

torch::Tensor ints(const std::vector<std::int64_t>& values) {
  return torch::tensor(values, torch::kInt64);
}

/// Sum of probabilities over every path, by walking them all.
double brute_rnnt(const torch::Tensor& logits, const std::vector<std::int64_t>& target,
                  std::int64_t frames) {
  const torch::Tensor p = torch::softmax(logits, -1);
  const auto labels = static_cast<std::int64_t>(target.size());
  std::function<double(std::int64_t, std::int64_t)> walk = [&](std::int64_t t, std::int64_t u) {
    if (t == frames) return u == labels ? 1.0 : 0.0;
    double sum = p[t][u][0].item<double>() * walk(t + 1, u);
    if (u < labels) {
      sum += p[t][u][target[static_cast<std::size_t>(u)]].item<double>() * walk(t, u + 1);
    }
    return sum;
  };
  return walk(0, 0);
}

TEST(RnntLoss, equals_the_sum_over_every_alignment) {
  for (std::int64_t frames = 1; frames <= 4; ++frames) {
    for (std::int64_t labels = 0; labels <= 3; ++labels) {
      Rng rng(static_cast<std::uint64_t>(frames * 10 + labels));
      std::vector<std::int64_t> target;
      for (std::int64_t u = 0; u < labels; ++u) {
        target.push_back(static_cast<std::int64_t>(1 + rng.below(3)));
      }
      const torch::Tensor logits = random_logits({1, frames, labels + 1, 4}, 2);
      const torch::Tensor targets =
          labels == 0 ? torch::zeros({1, 0}, torch::kInt64) : ints(target).unsqueeze(0);
      const double loss =
          loss_rnnt(logits, ints({frames}), targets, ints({labels}), 0)[0].item<double>();
      EXPECT_NEAR(loss, -std::log(brute_rnnt(logits[0], target, frames)), 1e-10)
          << frames << " frames, " << labels << " labels";
    }
  }
}

double finite_difference_error(torch::Tensor x, const std::function<torch::Tensor()>& loss) {
  x.set_requires_grad(true);
  loss().backward();
  const torch::Tensor gradient = x.grad().clone();
  const torch::NoGradGuard no_grad;
  double worst = 0;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    double* value = x.data_ptr<double>() + i;
    const double kept = *value;
    *value = kept + 1e-5;
    const double above = loss().item<double>();
    *value = kept - 1e-5;
    const double below = loss().item<double>();
    *value = kept;
    worst = std::max(worst, std::abs((above - below) / 2e-5 - gradient.data_ptr<double>()[i]));
  }
  return worst;
}

TEST(RnntLoss, gradient_equals_finite_differences_for_a_ragged_batch) {
  const torch::Tensor logits = random_logits({2, 4, 4, 4}, 3);
  const torch::Tensor targets = ints({1, 2, 3, 2, 2, 0}).reshape({2, 3});
  const torch::Tensor weights = torch::tensor({0.7, 1.9}, torch::kFloat64);
  EXPECT_LT(
      finite_difference_error(
          logits,
          [&] {
            return (loss_rnnt(logits, ints({4, 3}), targets, ints({3, 2}), 0) * weights).sum();
          }),
      1e-8);
}

TEST(RnntLoss, padding_has_no_influence_and_no_gradient) {
  const torch::Tensor logits = random_logits({1, 3, 3, 4}, 4);
  torch::Tensor padded = torch::full({1, 5, 4, 4}, 7.0, torch::kFloat64);
  padded.slice(1, 0, 3).slice(2, 0, 3).copy_(logits);
  padded.set_requires_grad(true);
  const torch::Tensor a = loss_rnnt(logits, ints({3}), ints({1, 2}).unsqueeze(0), ints({2}), 0);
  const torch::Tensor b = loss_rnnt(padded, ints({3}), ints({1, 2, 0}).unsqueeze(0), ints({2}), 0);
  EXPECT_NEAR(a.item<double>(), b.item<double>(), 1e-12);
  b.sum().backward();
  EXPECT_EQ(padded.grad().slice(1, 3).abs().sum().item<double>(), 0);
  EXPECT_EQ(padded.grad().slice(2, 3).abs().sum().item<double>(), 0);
}

/// Every frame labelling that collapses to the target.
double brute_ctc(const torch::Tensor& log_probs, const std::vector<std::int64_t>& target) {
  const std::int64_t frames = log_probs.size(0);
  const std::int64_t vocab = log_probs.size(1);
  double sum = 0;
  std::vector<std::int64_t> path(static_cast<std::size_t>(frames));
  std::function<void(std::int64_t, double)> walk = [&](std::int64_t t, double logp) {
    if (t == frames) {
      std::vector<std::int64_t> collapsed;
      std::int64_t last = 0;
      for (const std::int64_t token : path) {
        if (token != 0 && token != last) collapsed.push_back(token);
        last = token;
      }
      if (collapsed == target) sum += std::exp(logp);
      return;
    }
    for (std::int64_t v = 0; v < vocab; ++v) {
      path[static_cast<std::size_t>(t)] = v;
      walk(t + 1, logp + log_probs[t][v].item<double>());
    }
  };
  walk(0, 0);
  return sum;
}

TEST(CtcLoss, equals_the_sum_over_every_labelling_with_exact_gradient) {
  for (const auto& target : std::vector<std::vector<std::int64_t>>{{1}, {1, 2}, {2, 2}}) {
    const torch::Tensor logits = random_logits({1, 5, 3}, 6);
    const auto length = static_cast<std::int64_t>(target.size());
    const auto loss = [&] {
      return loss_ctc(torch::log_softmax(logits, -1), ints({5}), ints(target).unsqueeze(0),
                      ints({length}), 0)
          .sum();
    };
    const double expected = -std::log(brute_ctc(torch::log_softmax(logits[0], -1), target));
    EXPECT_NEAR(loss().item<double>(), expected, 1e-10);
    EXPECT_LT(finite_difference_error(logits, loss), 1e-8);
  }
}

TEST(CtcLoss, a_target_that_does_not_fit_is_known_and_refused) {
  const torch::Tensor targets = ints({1, 1, 1, 2}).reshape({2, 2});
  const torch::Tensor fits = ctc_fits(ints({2, 2}), targets, ints({2, 2}));
  EXPECT_FALSE(fits[0].item<bool>());
  EXPECT_TRUE(fits[1].item<bool>());
  const torch::Tensor log_probs = torch::log_softmax(random_logits({2, 2, 3}, 1), -1);
  EXPECT_THROW(loss_ctc(log_probs, ints({2, 2}), targets, ints({2, 2}), 0), Error);
}

TEST(CrossEntropy, smoothing_mixes_in_the_uniform_distribution) {
  const torch::Tensor logits = random_logits({2, 3, 4}, 8);
  const torch::Tensor targets = ints({1, 2, 0, 3, 0, 0}).reshape({2, 3});
  const torch::Tensor lengths = ints({3, 1});
  const torch::Tensor logp = torch::log_softmax(logits, -1);
  const torch::Tensor loss = loss_cross_entropy(logits, targets, lengths, 0.1);
  const double expected =
      -(0.9 * logp[1][0][3].item<double>() + 0.1 * logp[1][0].mean().item<double>());
  EXPECT_NEAR(loss[1].item<double>(), expected, 1e-12);
  EXPECT_LT(finite_difference_error(
                logits, [&] { return loss_cross_entropy(logits, targets, lengths, 0.1).sum(); }),
            1e-8);
}

}  // namespace
}  // namespace nest::train
