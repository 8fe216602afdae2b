#include "nest/decode/ngram_train.h"

namespace nest::decode {

namespace {
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
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

}  // namespace nest::decode
