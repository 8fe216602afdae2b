#include "nest/decode/lm_text.h"

#include <cmath>

#include "nest/core/error.h"
#include "nest/text/tokenizer.h"

namespace nest::decode {

namespace {
constexpr std::string_view kBlanks = " \t\r\n\v\f";
}  // namespace

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t begin = line.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

std::vector<std::string> split_characters(std::string_view line) {
  std::vector<std::string> characters;
  for (const std::string& word : split_words(line)) {
    if (!characters.empty()) characters.emplace_back(kSpaceMark);
    for (std::size_t i = 0; i < word.size();) {
      std::size_t end = i + 1;  // continuation bytes 10xxxxxx belong to the same code point
      while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) ++end;
      characters.push_back(word.substr(i, end - i));
      i = end;
    }
  }
  return characters;
}

std::string lm_word_of_piece(std::string_view piece) {
  std::string word;
  for (char c : piece) {
    if (c == ' ') {
      word += kSpaceMark;
    } else {
      word += c;
    }
  }
  return word;
}

LmSplitter::LmSplitter(LmUnit unit, std::shared_ptr<const text::Tokenizer> tokenizer)
    : unit_(unit), tokenizer_(std::move(tokenizer)) {
  require((unit_ == LmUnit::kToken) == (tokenizer_ != nullptr), ErrorCode::kInvalidArgument,
          "`tokenizer` goes with `unit` token, and only with it");
}

std::vector<std::string> LmSplitter::operator()(std::string_view line) const {
  if (unit_ == LmUnit::kWord) return split_words(line);
  if (unit_ == LmUnit::kChar) return split_characters(line);
  std::vector<std::string> words;
  for (const int id : tokenizer_->encode(line)) {
    words.push_back(id == tokenizer_->special().unk ? "<unk-token>"
                                                    : lm_word_of_piece(tokenizer_->token(id)));
  }
  return words;
}

double TextScore::perplexity() const {
  return words == 0 ? 1 : std::exp(-log_prob / static_cast<double>(words));
}

TextScore& TextScore::operator+=(const TextScore& other) {
  log_prob += other.log_prob;
  words += other.words;
  unknown += other.unknown;
  return *this;
}

TextScore score_sentence(const NGram& model, std::span<const std::string> words) {
  TextScore score;
  std::uint32_t state = model.begin_state();
  for (const std::string& word : words) {
    const std::uint32_t id = model.find(word);
    score.unknown += id == model.unk() ? 1 : 0;
    score.log_prob += model.score(state, id, state);
  }
  score.log_prob += model.score(state, model.eos(), state);
  score.words = words.size() + 1;
  return score;
}

}  // namespace nest::decode
