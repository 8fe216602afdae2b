#include "nest/stream/committed_text.h"

#include <string_view>

namespace nest::stream {

std::string CommittedText::add(std::span<const decode::TokenId> tokens) {
  constexpr std::string_view kIncomplete = "\xef\xbf\xbd";  // U+FFFD
  if (tokens.size() == known_) return {};
  // A token's text depends on its neighbours (spaces between words, bytes of a character), so the
  // new ones are spelled together with the last ones before them.
  const std::string before = text_of_(tokens.subspan(begin_, known_ - begin_));
  const std::string now = text_of_(tokens.subspan(begin_));
  if (now.ends_with(kIncomplete) || !now.starts_with(before)) return {};
  std::string piece = now.substr(before.size());
  if (!text_of_(tokens.subspan(known_)).empty()) begin_ = known_;
  known_ = tokens.size();
  text_ += piece;
  return piece;
}

std::string CommittedText::take(const StreamEvent& event) {
  if (event.fault != nullptr) return {};
  std::string piece = add(event.committed);
  if (event.segment == nullptr) return piece;
  text_ += '\n';
  begin_ = known_ = 0;
  return piece;
}

}  // namespace nest::stream
