#pragma once

#include <map>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/data/annotations.h"
#include "nest/data/import.h"

namespace nest::data {

/// Reasons why annotations are no utterances ("marked BAD"), and how many.
using LeftOut = std::map<std::string, std::size_t>;

/// "12 annotations left out: 2 marked BAD, 10 without a duration"
std::string left_out_text(const LeftOut& left_out);

/// Which annotations are utterances, and their text.
///
/// Left out are annotations that say something about the recording ("BAD…", "EDGE…", "New
/// Segment/", "boundary"), those that the filter does not match, and those without a text.
/// "Comment/", which BrainVision and MNE put before a text, is taken off.
class AnnotationRules {
 public:
  /// Errors: FieldError if `text_filter` is no regular expression.
  explicit AnnotationRules(const std::string& text_filter);

  /// The utterance's text, or nothing and a count in left_out().
  std::optional<std::string> text_of(std::string_view annotation);
  /// Counts one more that is left out.
  void leave_out(std::string_view why) { ++left_out_[std::string(why)]; }
  const LeftOut& left_out() const { return left_out_; }

 private:
  std::optional<std::regex> filter_;
  LeftOut left_out_;
};

/// The annotations that are utterances by these rules, in order.
std::vector<AnnotatedRange> annotated_ranges(std::span<const io::Annotation> annotations,
                                             const io::RecordingInfo& recording,
                                             AnnotationRules& rules);

}  // namespace nest::data
