#include "nest/decode/fusion.h"

#include <limits>
#include <utility>

#include "nest/core/error.h"

namespace nest::decode {

Fusion::Fusion(FusionParts parts) : parts_(std::move(parts)) {
  require(parts_.lm_weight >= 0, ErrorCode::kInvalidArgument,
          "the language model's weight is {}; it may not be negative", parts_.lm_weight);
  for (TokenId token : parts_.banned) {
    require(token >= 0, ErrorCode::kInvalidArgument, "banned token {} is negative", token);
    const auto id = static_cast<std::size_t>(token);
    if (banned_.size() <= id) banned_.resize(id + 1);
    banned_[id] = true;
  }
}

bool Fusion::is_banned(TokenId token) const {
  const auto id = static_cast<std::size_t>(token);
  return id < banned_.size() && banned_[id];
}

FusionState Fusion::begin() const {
  FusionState state;
  if (parts_.lm) state.lm = parts_.lm->begin();
  return state;
}

bool Fusion::extend(const FusionState& state, TokenId token, FusionState& next,
                    FusionGain& gain) const {
  if (is_banned(token)) return false;
  next = state;
  gain.lm = 0;
  gain.bonus = parts_.token_bonus;
  if (parts_.vocabulary) {
    const LexiconWalk walk(parts_.vocabulary->lexicon, parts_.vocabulary->surfaces);
    bool allowed = true;
    next.lexicon = walk.advance(state.lexicon, token, [&](std::uint32_t node) {
      allowed = allowed && node != Lexicon::kNone && walk.lexicon().word_at(node) != Lexicon::kNone;
    });
    if (!allowed || next.lexicon == Lexicon::kNone) return false;
  }
  if (parts_.hotwords) gain.bonus += parts_.hotwords->advance(state.hotword, token, next.hotword);
  if (parts_.lm) gain.lm = parts_.lm->score(state.lm, token, next.lm);
  return true;
}

bool Fusion::finish(const FusionState& state, FusionGain& gain) const {
  gain = {};
  if (parts_.vocabulary && state.lexicon != 0 &&
      parts_.vocabulary->lexicon.word_at(state.lexicon) == Lexicon::kNone) {
    return false;
  }
  if (parts_.hotwords) gain.bonus = parts_.hotwords->finish(state.hotword);
  if (parts_.lm) gain.lm = parts_.lm->finish(state.lm);
  return true;
}

double Fusion::upper_bound(TokenId token) const {
  if (is_banned(token)) return -std::numeric_limits<double>::infinity();
  double bound = parts_.token_bonus;
  if (parts_.hotwords) bound += parts_.hotwords->upper_bound();
  if (parts_.lm) bound += parts_.lm_weight * parts_.lm->upper_bound(token);
  return bound;
}

bool Fusion::can_gain() const {
  return parts_.token_bonus > 0 || parts_.hotwords != nullptr;
}

}  // namespace nest::decode
