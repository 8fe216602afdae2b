#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nest/decode/hypothesis.h"

namespace nest::decode {

/// What a token adds to the text, as far as words are concerned.
struct TokenSurface {
  std::string text;              ///< without the spaces that the boundaries stand for
  bool boundary_before = false;  ///< closes the word before it
  bool boundary_after = false;   ///< closes its own word
  bool is_special = false;       ///< adds nothing: <PAD>, <SOS>, ...
};

/// Surfaces by token id: all that word and character models, closed vocabularies and hotwords need
/// to know about a tokenizer.
using TokenSurfaces = std::vector<TokenSurface>;

/// Boundaries as pieces spell them: a leading U+2581, U+0120 or space opens a word; a trailing
/// "</w>", U+2581 or space closes one; a piece that is only such a mark (or "|") is a boundary.
/// `pieces_are_words`: every piece is a whole word (word tokenizers).
TokenSurfaces make_surfaces(const std::vector<std::string>& pieces,
                            const std::vector<TokenId>& special, bool pieces_are_words);

}  // namespace nest::decode
