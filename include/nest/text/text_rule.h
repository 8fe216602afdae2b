#pragma once

#include <string>
#include <string_view>

#include "nest/core/options_fwd.h"

namespace nest::text {

enum class LetterCase { kKeep, kLower, kUpper };
EnumTable enum_table(LetterCase of);  ///< "keep", "lower", "upper"

/// How the labels of a dataset are spelled for the models that learn them. Travels with a model, so
/// that references of other data are spelled the same way before they are compared.
struct TextRule {
  LetterCase letter_case = LetterCase::kKeep;
  /// Without it, what is neither letter, mark, digit nor white space becomes a blank, but for an
  /// apostrophe between letters; runs of white space become one blank.
  bool punctuation = true;

  bool operator==(const TextRule&) const = default;
};
void visit_fields(FieldVisitor& visitor, TextRule& rule);

/// The text by the rule; applied twice it changes nothing more. Errors: DataCorrupt for text that
/// is not UTF-8.
std::string spelled(const TextRule& rule, std::string_view text);

/// Null gives the rule that changes nothing. Errors: DataCorrupt.
TextRule text_rule_from_json(const Json& json);

}  // namespace nest::text
