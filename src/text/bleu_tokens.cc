#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/text/bleu.h"
#include "nest/text/unicode.h"

namespace nest::text {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_point(char c) {
  return c == '.' || c == ',';
}

/// ASCII punctuation that always stands alone: all but ' , - .
bool is_separate(char c) {
  return (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Rewrites neighbours (a, b) for which `matches`, left to right without overlap.
template <class Matches, class Write>
std::string rewrite_pairs(const std::string& text, Matches matches, Write write) {
  std::string result;
  result.reserve(text.size() * 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && matches(text[i], text[i + 1])) {
      write(result, text[i], text[i + 1]);
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// The tokenization of mteval-v13a.pl (NIST, public domain), rule by rule.
std::string separate_13a(std::string_view line) {
  std::string text(line);
  replace(text, "<skipped>", "");
  replace(text, "-\n", "");
  replace(text, "\n", " ");
  replace(text, "&quot;", "\"");
  replace(text, "&amp;", "&");
  replace(text, "&lt;", "<");
  replace(text, "&gt;", ">");
  std::string spaced = " ";
  for (const char c : text) spaced += is_separate(c) ? fmt::format(" {} ", c) : std::string(1, c);
  spaced += ' ';
  spaced = rewrite_pairs(
      spaced, [](char a, char b) { return !is_digit(a) && is_point(b); },
      [](std::string& out, char a, char b) { (((out += a) += ' ') += b) += ' '; });
  spaced = rewrite_pairs(
      spaced, [](char a, char b) { return is_point(a) && !is_digit(b); },
      [](std::string& out, char a, char b) { (((out += ' ') += a) += ' ') += b; });
  return rewrite_pairs(
      spaced, [](char a, char b) { return is_digit(a) && b == '-'; },
      [](std::string& out, char a, char b) { (((out += a) += ' ') += b) += ' '; });
}

std::string smoothing_text(const BleuOptions& options) {
  switch (options.smoothing) {
    case BleuSmoothing::kNone:
      return "none";
    case BleuSmoothing::kExp:
      return "exp";
    case BleuSmoothing::kFloor:
      return fmt::format("floor[{}]", options.smooth_value.value_or(0.1));
    case BleuSmoothing::kAddK:
      return fmt::format("add-k[{}]", options.smooth_value.value_or(1.0));
  }
  return "";
}

}  // namespace

std::vector<std::string> bleu_tokens(std::string_view text, BleuTokenization tokenization) {
  if (tokenization == BleuTokenization::kNone) return split_words(text);
  if (tokenization == BleuTokenization::k13a) return split_words(separate_13a(text));
  std::vector<std::string> tokens;
  for (const std::string& word : split_words(text)) {
    for (std::string& character : split_characters(word)) tokens.push_back(std::move(character));
  }
  return tokens;
}

EnumTable enum_table(BleuTokenization /*of*/) {
  static constexpr EnumName kNames[] = {{BleuTokenization::kNone, "none"},
                                        {BleuTokenization::k13a, "13a"},
                                        {BleuTokenization::kChar, "char"}};
  return {"BLEU tokenization", kNames};
}

EnumTable enum_table(BleuSmoothing /*of*/) {
  static constexpr EnumName kNames[] = {{BleuSmoothing::kNone, "none"},
                                        {BleuSmoothing::kExp, "exp"},
                                        {BleuSmoothing::kFloor, "floor"},
                                        {BleuSmoothing::kAddK, "add-k"}};
  return {"BLEU smoothing", kNames};
}

std::string signature(const BleuOptions& options, std::size_t num_references) {
  return fmt::format("bleu|refs:{}|case:mixed|eff:{}|tok:{}|smooth:{}|order:{}", num_references,
                     options.effective_order ? "yes" : "no", name_of(options.tokenization),
                     smoothing_text(options), options.max_order);
}

}  // namespace nest::text
