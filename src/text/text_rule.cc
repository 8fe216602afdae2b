#include "nest/text/text_rule.h"

#include <utf8proc.h>

#include "nest/core/options.h"
#include "nest/text/unicode.h"

namespace nest::text {
namespace {

std::string uppercase(std::string_view text) {
  std::u32string points = decode_utf8(text);
  for (char32_t& point : points) {
    point = static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(point)));
  }
  return encode_utf8(points);
}

bool is_apostrophe(char32_t point) {
  return point == U'\'' || point == U'\u2019';
}

std::string without_punctuation(std::string_view text) {
  const std::u32string points = decode_utf8(text);
  std::u32string kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_inside = i > 0 && i + 1 < points.size() && is_word_character(points[i - 1]) &&
                           is_word_character(points[i + 1]);
    if (is_word_character(points[i]) || (is_apostrophe(points[i]) && is_inside)) {
      kept += points[i];
    } else if (!kept.empty() && kept.back() != U' ') {
      kept += U' ';  // "well-known" is two words
    }
  }
  while (!kept.empty() && kept.back() == U' ') kept.pop_back();
  return encode_utf8(kept);
}

}  // namespace

EnumTable enum_table(LetterCase /*of*/) {
  static constexpr EnumName kNames[] = {
      {LetterCase::kKeep, "keep"}, {LetterCase::kLower, "lower"}, {LetterCase::kUpper, "upper"}};
  return {"letter case", kNames};
}

void visit_fields(FieldVisitor& visitor, TextRule& rule) {
  visitor.field("case", rule.letter_case, "letters of texts", {}, {.flag = "text-case"});
  visitor.field("punctuation", rule.punctuation, "keep punctuation in texts", {},
                {.flag = "text-punctuation"});
}

std::string spelled(const TextRule& rule, std::string_view text) {
  std::string result(text);
  if (!rule.punctuation) result = without_punctuation(result);
  if (rule.letter_case == LetterCase::kLower) return lowercase(result);
  if (rule.letter_case == LetterCase::kUpper) return uppercase(result);
  return result;
}

TextRule text_rule_from_json(const Json& json) {
  return json.is_null() ? TextRule{} : options_from_json<TextRule>(json, "text rule");
}

}  // namespace nest::text
