#include "data/annotation_rules.h"

#include <cctype>
#include <vector>

#include <fmt/ranges.h>

#include "nest/core/field_error.h"
#include "nest/core/utf8.h"
#include "nest/text/unicode.h"

namespace nest::data {
namespace {

// The standard library's matcher recurses once a character.
constexpr std::size_t kMaxFilteredBytes = 4096;

// "BAD", "bad_blink", "BAD noisy", but not the sentence "bad weather" and not "BADGER".
bool is_mark(std::string_view text, std::string_view mark) {
  const std::string lower = lower_ascii(text);
  const std::string lower_mark = lower_ascii(mark);
  if (lower == lower_mark || lower.starts_with(lower_mark + "_")) return true;
  return text.starts_with(mark) && std::isalpha(static_cast<unsigned char>(text[mark.size()])) == 0;
}

// Why an annotation is about the recording and no label; "" if it may be one.
std::string_view technical_reason(std::string_view text) {
  const std::string lower = lower_ascii(text);
  if (is_mark(text, "BAD")) return "marked BAD";
  if (is_mark(text, "EDGE")) return "EDGE of joined recordings";
  if (lower == "new segment" || lower.starts_with("new segment/")) return "New Segment";
  if (lower == "boundary") return "boundary";
  if (lower == "recording starts" || lower == "recording ends") {
    return "start or end of the recording";
  }
  return "";
}

}  // namespace

std::string left_out_text(const LeftOut& left_out) {
  std::size_t total = 0;
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : left_out) {
    total += count;
    reasons.push_back(fmt::format("{} {}", count, reason));
  }
  return fmt::format("{} annotation{} left out: {}", total, total == 1 ? "" : "s",
                     fmt::join(reasons, ", "));
}

AnnotationRules::AnnotationRules(const std::string& text_filter) {
  if (text_filter.empty()) return;
  try {
    filter_.emplace(text_filter);
  } catch (const std::regex_error& error) {
    fail_field("text_filter", "'{}' is no regular expression: {}", text_filter, error.what());
  }
}

std::optional<std::string> AnnotationRules::text_of(std::string_view annotation) {
  constexpr std::string_view kComment = "Comment/";
  if (annotation.starts_with(kComment)) annotation.remove_prefix(kComment.size());
  std::string text = text::strip(annotation);
  std::string_view why = text.empty() ? "without a text" : technical_reason(text);
  if (why.empty() && filter_) {
    if (text.size() > kMaxFilteredBytes) why = "too long for `text_filter`";
    if (why.empty() && !std::regex_search(text, *filter_)) why = "not matched by `text_filter`";
  }
  if (why.empty()) return text;
  leave_out(why);
  return std::nullopt;
}

}  // namespace nest::data
