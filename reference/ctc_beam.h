#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "nest/decode/fusion.h"

/// Slow and obvious twin of the CTC prefix beam search (src/decode/ctc_beam.cc): maps keyed by
/// whole prefixes, every token tried for every prefix, nothing skipped.
namespace nest::reference {

struct CtcPrefix {
  double on_blank = -INFINITY;
  double on_token = -INFINITY;
};

inline double log_sum(double a, double b) {
  if (a == -INFINITY) return b;
  if (b == -INFINITY) return a;
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// Prefixes of the final beam with log_prob + fusion (without the end's), best first.
inline std::vector<std::pair<double, std::vector<decode::TokenId>>> ctc_beam(
    std::span<const float> rows, std::size_t vocab, std::size_t beam_size,
    const decode::Fusion& fusion) {
  using Prefix = std::vector<decode::TokenId>;
  const auto weigh = [&](const Prefix& prefix) {
    decode::FusionState state = fusion.begin();
    double total = 0;
    for (decode::TokenId token : prefix) {
      decode::FusionGain gain;
      decode::FusionState next;
      if (!fusion.extend(state, token, next, gain)) return -INFINITY + 0.0;
      state = next;
      total += fusion.weigh(gain);
    }
    return total;
  };
  std::map<Prefix, CtcPrefix> beam{{{}, {0, -INFINITY}}};
  std::vector<std::pair<double, Prefix>> order;
  for (std::size_t begin = 0; begin < rows.size(); begin += vocab) {
    std::map<Prefix, CtcPrefix> next;
    for (const auto& [prefix, p] : beam) {
      const double total = log_sum(p.on_blank, p.on_token);
      next[prefix].on_blank = log_sum(next[prefix].on_blank, total + rows[begin]);
      for (std::size_t v = 1; v < vocab; ++v) {
        const auto token = static_cast<decode::TokenId>(v);
        const bool repeats = !prefix.empty() && prefix.back() == token;
        if (repeats) {
          next[prefix].on_token = log_sum(next[prefix].on_token, p.on_token + rows[begin + v]);
        }
        Prefix longer = prefix;
        longer.push_back(token);
        next[longer].on_token =
            log_sum(next[longer].on_token, (repeats ? p.on_blank : total) + rows[begin + v]);
      }
    }
    order.clear();
    for (const auto& [prefix, p] : next) {
      const double score = log_sum(p.on_blank, p.on_token) + weigh(prefix);
      if (score > -INFINITY) order.emplace_back(score, prefix);
    }
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a > b; });
    if (order.size() > beam_size) order.resize(beam_size);
    beam.clear();
    for (const auto& [score, prefix] : order) beam[prefix] = next[prefix];
  }
  return order;
}

}  // namespace nest::reference
