#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "nest/stream/event.h"

namespace nest::stream {

/// The text of committed tokens as it grows, at the cost of what is new.
///
/// What add() returned so far is text_of() of all tokens, for every tokenizer of module text
/// (tests/stream/committed_text_test.cc); a character whose bytes are not all there waits for them.
/// State: thread-compatible.
class CommittedText {
 public:
  using TextOf = std::function<std::string(std::span<const decode::TokenId>)>;
  /// `text_of` spells tokens, as StreamingInference::text_of() does.
  explicit CommittedText(TextOf text_of) : text_of_(std::move(text_of)) {}

  /// `tokens` of the running segment: those of the call before, and what followed. Returns what
  /// they add to the text.
  std::string add(std::span<const decode::TokenId> tokens);
  /// What an event adds; behind an ended segment the text goes on in a new line.
  std::string take(const StreamEvent& event);
  const std::string& text() const { return text_; }

 private:
  TextOf text_of_;
  std::string text_;
  std::size_t begin_ =
      0;  ///< tokens from here on are spelled: some that are known, then what is new
  std::size_t known_ = 0;  ///< tokens whose text was returned
};

}  // namespace nest::stream
