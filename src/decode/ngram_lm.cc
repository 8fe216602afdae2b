#include <array>
#include <utility>

#include "nest/core/error.h"
#include "nest/decode/lexicon.h"
#include "nest/decode/lm_text.h"
#include "nest/decode/ngram.h"
#include "nest/decode/ngram_train.h"

namespace nest::decode {

namespace {

class TokenLm final : public LanguageModel {
 public:
  TokenLm(std::shared_ptr<const NGram> ngram, const std::vector<std::string>& pieces)
      : ngram_(std::move(ngram)) {
    ids_.reserve(pieces.size());
    for (const std::string& piece : pieces) ids_.push_back(ngram_->find(lm_word_of_piece(piece)));
  }
  LmState begin() const override { return {ngram_->begin_state(), 0}; }
  float score(LmState state, TokenId token, LmState& next) const override {
    next.b = 0;
    return ngram_->score(state.a, ids_[static_cast<std::size_t>(token)], next.a);
  }
  float finish(LmState state) const override {
    std::uint32_t next = 0;
    return ngram_->score(state.a, ngram_->eos(), next);
  }
  float upper_bound(TokenId token) const override {
    return ngram_->upper_bound(ids_[static_cast<std::size_t>(token)]);
  }

 private:
  std::shared_ptr<const NGram> ngram_;
  std::vector<std::uint32_t> ids_;
};

/// State: a = n-gram context, b = spelling node of the word in progress.
class WordLm final : public LanguageModel {
 public:
  WordLm(std::shared_ptr<const NGram> ngram, TokenSurfaces surfaces)
      : ngram_(std::move(ngram)), surfaces_(std::move(surfaces)) {
    std::vector<std::string> words(ngram_->vocab_size());
    for (std::uint32_t i = 0; i < words.size(); ++i) words[i] = std::string(ngram_->word(i));
    lexicon_ = Lexicon(words);
  }
  LmState begin() const override { return {ngram_->begin_state(), 0}; }
  float score(LmState state, TokenId token, LmState& next) const override {
    float total = 0;
    const LexiconWalk walk(lexicon_, surfaces_);
    next.a = state.a;
    next.b =
        walk.advance(state.b, token, [&](std::uint32_t node) { total += close(node, next.a); });
    return total;
  }
  float finish(LmState state) const override {
    float total = state.b == 0 ? 0 : close(state.b, state.a);
    std::uint32_t next = 0;
    return total + ngram_->score(state.a, ngram_->eos(), next);
  }

 private:
  float close(std::uint32_t node, std::uint32_t& context) const {
    std::uint32_t word = node == Lexicon::kNone ? Lexicon::kNone : lexicon_.word_at(node);
    if (word == Lexicon::kNone) word = ngram_->unk();
    return ngram_->score(context, word, context);
  }

  std::shared_ptr<const NGram> ngram_;
  TokenSurfaces surfaces_;
  Lexicon lexicon_;
};

/// State: a = n-gram context, b = bit 0: text has begun, bit 1: a boundary is due.
class CharLm final : public LanguageModel {
 public:
  CharLm(std::shared_ptr<const NGram> ngram, const TokenSurfaces& surfaces)
      : ngram_(std::move(ngram)), space_(ngram_->find(kSpaceMark)) {
    for (const TokenSurface& surface : surfaces) {
      tokens_.push_back({surface.boundary_before, surface.boundary_after, spell(surface.text)});
    }
  }
  LmState begin() const override { return {ngram_->begin_state(), 0}; }
  float score(LmState state, TokenId token, LmState& next) const override {
    const Token& t = tokens_[static_cast<std::size_t>(token)];
    float total = 0;
    bool begun = (state.b & 1) != 0;
    bool due = (state.b & 2) != 0 || (t.boundary_before && begun);
    next.a = state.a;
    for (std::uint32_t c : t.characters) {
      if (due) total += ngram_->score(next.a, space_, next.a);
      due = false;
      begun = true;
      total += ngram_->score(next.a, c, next.a);
    }
    if (t.boundary_after && begun) due = true;
    next.b = (begun ? 1u : 0u) | (due ? 2u : 0u);
    return total;
  }
  float finish(LmState state) const override {
    std::uint32_t next = 0;
    return ngram_->score(state.a, ngram_->eos(), next);
  }

 private:
  struct Token {
    bool boundary_before;
    bool boundary_after;
    std::vector<std::uint32_t> characters;
  };

  std::vector<std::uint32_t> spell(std::string_view text) const {
    std::vector<std::uint32_t> ids;
    for (std::size_t i = 0; i < text.size();) {
      std::size_t end = i + 1;  // continuation bytes 10xxxxxx belong to the same code point
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
      ids.push_back(ngram_->find(text.substr(i, end - i)));
      i = end;
    }
    return ids;
  }

  std::shared_ptr<const NGram> ngram_;
  std::uint32_t space_;
  std::vector<Token> tokens_;
};

}  // namespace

std::shared_ptr<LanguageModel> make_token_lm(std::shared_ptr<const NGram> ngram,
                                             const std::vector<std::string>& pieces) {
  return std::make_shared<TokenLm>(std::move(ngram), pieces);
}
std::shared_ptr<LanguageModel> make_word_lm(std::shared_ptr<const NGram> ngram,
                                            TokenSurfaces surfaces) {
  return std::make_shared<WordLm>(std::move(ngram), std::move(surfaces));
}
std::shared_ptr<LanguageModel> make_char_lm(std::shared_ptr<const NGram> ngram,
                                            TokenSurfaces surfaces) {
  return std::make_shared<CharLm>(std::move(ngram), surfaces);
}

}  // namespace nest::decode
