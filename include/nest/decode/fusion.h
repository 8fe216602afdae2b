#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nest/decode/hotwords.h"
#include "nest/decode/hypothesis.h"
#include "nest/decode/language_model.h"
#include "nest/decode/lexicon.h"

namespace nest::decode {

/// What outside knowledge remembers of a prefix; plain data, copied with every hypothesis.
struct FusionState {
  LmState lm;
  std::uint32_t lexicon = 0;
  std::uint32_t hotword = 0;
};

/// What one more token (or the end) adds to a hypothesis.
struct FusionGain {
  double lm = 0;     ///< ln P of the language model, unweighted
  double bonus = 0;  ///< hotwords and token bonus, as added to the score
  friend bool operator==(const FusionGain&, const FusionGain&) = default;
};

/// The closed vocabulary of a decoder: text must consist of these words.
struct ClosedVocabulary {
  Lexicon lexicon;
  TokenSurfaces surfaces;
};

/// The parts; each may be absent.
struct FusionParts {
  std::shared_ptr<LanguageModel> lm;
  double lm_weight = 0.5;
  double token_bonus = 0;
  std::shared_ptr<const Hotwords> hotwords;
  std::shared_ptr<const ClosedVocabulary> vocabulary;
  std::vector<TokenId> banned;
};

/// Everything that guides a search besides the model: language model, hotwords, closed vocabulary,
/// banned tokens. All beams use it in the same way: score = log_prob + lm_weight * lm + bonus.
class Fusion {
 public:
  explicit Fusion(FusionParts parts = {});

  FusionState begin() const;
  /// False if the token may not follow.
  bool extend(const FusionState& state, TokenId token, FusionState& next, FusionGain& gain) const;
  /// False if the text may not end here.
  bool finish(const FusionState& state, FusionGain& gain) const;
  double weigh(const FusionGain& gain) const { return parts_.lm_weight * gain.lm + gain.bonus; }
  /// No extend() of this token gains more; -inf for a banned one.
  double upper_bound(TokenId token) const;
  /// True if a longer text can gain: then a search may not stop early.
  bool can_gain() const;
  /// False: belongs to one decoder (neural language model).
  bool is_shareable() const { return !parts_.lm || parts_.lm->is_shareable(); }

  /// Brackets for neural models; states are updated in place. No-ops for n-grams.
  bool needs_prepare() const { return !is_shareable(); }
  void prepare(std::span<LmState> states) const { parts_.lm->prepare(states); }
  void retain(std::span<const LmState> states) const { parts_.lm->retain(states); }

 private:
  bool is_banned(TokenId token) const;

  FusionParts parts_;
  std::vector<bool> banned_;
};

}  // namespace nest::decode
