#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "nest/decode/hypothesis.h"

namespace nest::decode {

/// What a language model remembers of a prefix: copied with every hypothesis, meaning private to
/// the model.
struct LmState {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  friend bool operator==(const LmState&, const LmState&) = default;
};

/// ln P(token | prefix), token by token, for shallow fusion. Natural logarithms throughout.
///
/// State: an n-gram may be shared by any number of decoders and threads; a neural model caches rows
/// and belongs to one decoder (is_shareable() tells).
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;
  /// The state before the first token.
  virtual LmState begin() const = 0;
  virtual float score(LmState state, TokenId token, LmState& next) const = 0;
  /// ln P(end of text | prefix), with what was still pending (an unfinished word).
  virtual float finish(LmState state) const = 0;
  /// No score() for this token is ever above this; lets a beam skip look-ups without changing it.
  virtual float upper_bound(TokenId /*token*/) const { return 0; }
  virtual bool is_shareable() const { return true; }
  /// Called before states are scored; a neural model computes what they need, in one batch.
  virtual void prepare(std::span<LmState> /*states*/) {}
  /// States not listed will not be used again.
  virtual void retain(std::span<const LmState> /*states*/) {}
};

}  // namespace nest::decode
