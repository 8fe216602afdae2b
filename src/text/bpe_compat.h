#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/text/bpe_tokenizer.h"

/// Byte-pair encoding exactly as the Python project does it: words are strings of symbols between
/// spaces, and a merge replaces the substring "left right" wherever it stands.
namespace nest::text::compat {

/// "t h e </w>"
std::string spaced_word(std::string_view word);
/// Replaces "left right" by "leftright", also where it begins or ends inside another symbol.
void replace_all(std::string& spaced, const BpeTokenizer::Merge& merge);

struct Trained {
  std::vector<BpeTokenizer::Merge> merges;
  std::vector<std::string> tokens;
};
Trained train(std::span<const std::string> texts, const BpeOptions& options);

}  // namespace nest::text::compat
