#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "nest/core/rng.h"
#include "nest/decode/decoder.h"
#include "nest/decode/ngram.h"

/// Small models whose every probability is a table entry, so that tests can enumerate them.
namespace nest::decode::fakes {

inline std::vector<float> random_log_probs(Rng& rng, std::int64_t frames, std::int64_t vocab,
                                           double spread = 2) {
  std::vector<float> rows(static_cast<std::size_t>(frames * vocab));
  for (std::int64_t t = 0; t < frames; ++t) {
    double sum = 0;
    std::vector<double> x(static_cast<std::size_t>(vocab));
    for (double& v : x) sum += std::exp(v = spread * rng.normal());
    for (std::int64_t v = 0; v < vocab; ++v) {
      rows[static_cast<std::size_t>(t * vocab + v)] =
          static_cast<float>(x[static_cast<std::size_t>(v)] - std::log(sum));
    }
  }
  return rows;
}

/// The number of a prefix, as the fakes' state carries it (exact in a float).
inline std::int64_t next_prefix(std::int64_t prefix, TokenId token) {
  return (prefix * 31 + token + 1) % 9973;
}

inline float logit_of(std::uint64_t seed, std::int64_t prefix, std::int64_t frame, TokenId token) {
  Rng rng(seed, "logit", static_cast<std::uint64_t>((prefix * 64 + frame) * 64 + token));
  return static_cast<float>(1.5 * rng.normal());
}

/// Frames are [1]: the frame's number. State [1] and prediction [1]: the prefix number.
class FakeTransducer final : public TransducerScorer {
 public:
  FakeTransducer(std::uint64_t seed, std::int64_t vocab) : seed_(seed), vocab_(vocab) {}
  std::int64_t vocab_size() const override { return vocab_; }
  std::int64_t state_size() const override { return 1; }
  std::int64_t memory_dim() const override { return 1; }
  std::int64_t prediction_dim() const override { return 1; }
  void predict(std::span<const TokenId> tokens, std::span<const float> in, std::span<float> out,
               std::span<float> prediction) override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto prefix = next_prefix(static_cast<std::int64_t>(in[i]), tokens[i]);
      out[i] = prediction[i] = static_cast<float>(prefix);
      ++predicted;
    }
  }
  void join(std::span<const float> frame, std::span<const float> prediction,
            std::span<float> logits) override {
    const auto vocab = static_cast<std::size_t>(vocab_);
    for (std::size_t i = 0; i < prediction.size(); ++i) {
      for (std::size_t v = 0; v < vocab; ++v) {
        logits[i * vocab + v] =
            logit_of(seed_, static_cast<std::int64_t>(prediction[i]),
                     static_cast<std::int64_t>(frame[0]), static_cast<TokenId>(v));
      }
    }
  }
  std::int64_t predicted = 0;

 private:
  std::uint64_t seed_;
  std::int64_t vocab_;
};

inline std::vector<float> frame_numbers(std::int64_t frames) {
  std::vector<float> rows(static_cast<std::size_t>(frames));
  for (std::size_t t = 0; t < rows.size(); ++t) rows[t] = static_cast<float>(t);
  return rows;
}

/// Memory [F, 1] whose first value is the utterance's seed. State [2]: prefix number, step.
class FakeAttention final : public StepScorer {
 public:
  explicit FakeAttention(std::int64_t vocab) : vocab_(vocab) {}
  std::int64_t vocab_size() const override { return vocab_; }
  std::int64_t state_size() const override { return 2; }
  std::int64_t memory_dim() const override { return 1; }
  void begin(std::span<const float> memory, std::span<const std::int64_t> lengths,
             std::int64_t max_frames) override {
    memory_.assign(memory.begin(), memory.end());
    lengths_.assign(lengths.begin(), lengths.end());
    frames_ = static_cast<std::size_t>(max_frames);
  }
  void step(std::span<const TokenId> tokens, std::span<const std::int32_t> utterances,
            std::span<const float> in, std::span<float> out, std::span<float> logits,
            std::span<float> attention) override {
    const auto vocab = static_cast<std::size_t>(vocab_);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto u = static_cast<std::size_t>(utterances[i]);
      const auto seed = static_cast<std::uint64_t>(memory_[u * frames_]);
      const auto prefix = next_prefix(static_cast<std::int64_t>(in[2 * i]), tokens[i]);
      out[2 * i] = static_cast<float>(prefix);
      out[2 * i + 1] = in[2 * i + 1] + 1;
      for (std::size_t v = 0; v < vocab; ++v) {
        logits[i * vocab + v] = logit_of(seed, prefix, 0, static_cast<TokenId>(v));
      }
      fill_attention(seed, prefix, u, attention.subspan(i * frames_, frames_));
    }
  }
  /// The attention row a prefix has, as the brute force needs it too.
  static std::vector<float> attention_of(std::uint64_t seed, std::int64_t prefix,
                                         std::size_t frames) {
    std::vector<float> row(frames);
    float sum = 0;
    for (std::size_t k = 0; k < frames; ++k) {
      sum += row[k] = std::exp(logit_of(seed + 1, prefix, static_cast<std::int64_t>(k), 0));
    }
    for (float& x : row) x /= sum;
    return row;
  }

 private:
  void fill_attention(std::uint64_t seed, std::int64_t prefix, std::size_t u,
                      std::span<float> row) const {
    const auto frames = static_cast<std::size_t>(lengths_[u]);
    const auto values = attention_of(seed, prefix, frames);
    std::fill(row.begin(), row.end(), 0.0f);
    std::copy(values.begin(), values.end(), row.begin());
  }
  std::int64_t vocab_;
  std::vector<float> memory_;
  std::vector<std::int64_t> lengths_;
  std::size_t frames_ = 0;
};

inline std::vector<float> attention_memory(std::uint64_t seed, std::size_t frames) {
  std::vector<float> memory(frames, 0.0f);
  memory[0] = static_cast<float>(seed);
  return memory;
}

/// A bigram over tokens t0..t3 with back-off and one word it does not know.
inline constexpr std::string_view kBigram = R"(\data\
ngram 1=6
ngram 2=6

\1-grams:
-1.2 <unk>
-99 <s> -0.4
-0.9 </s>
-0.8 t1 -0.3
-0.5 t2 -0.2
-1.1 t3 -0.6

\2-grams:
-0.3 <s> t1
-0.4 t1 t2
-0.9 t1 t1
-0.2 t2 t1
-0.7 t2 </s>
-0.5 t3 </s>

\end\
)";

inline std::shared_ptr<const Fusion> bigram_fusion(double weight, double token_bonus = 0) {
  FusionParts parts;
  parts.lm = make_token_lm(NGram::from_arpa(kBigram, "bigram"), {"t0", "t1", "t2", "t3"});
  parts.lm_weight = weight;
  parts.token_bonus = token_bonus;
  return std::make_shared<Fusion>(parts);
}

/// log_prob and score of every sequence, by enumeration; fusion applied as documented.
using Scores = std::map<std::vector<TokenId>, double>;

inline double add_logs(double a, double b) {
  if (a == -INFINITY) return b;
  if (b == -INFINITY) return a;
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// What fusion adds to a complete sequence; -inf if it forbids it.
inline double fused(const Fusion& fusion, const std::vector<TokenId>& tokens) {
  FusionState state = fusion.begin();
  double total = 0;
  for (TokenId token : tokens) {
    FusionState next;
    FusionGain gain;
    if (!fusion.extend(state, token, next, gain)) return -INFINITY;
    total += fusion.weigh(gain);
    state = next;
  }
  FusionGain gain;
  return fusion.finish(state, gain) ? total + fusion.weigh(gain) : -INFINITY;
}

}  // namespace nest::decode::fakes
