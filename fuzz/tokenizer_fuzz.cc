// Tokenizer JSON, then (after the first zero byte) a text for it to encode. What was accepted must
// say what it is and be the same after it was written and read.
#include <cstdint>
#include <string_view>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/text/tokenizer.h"
#include "nest/text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nest;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = std::min(input.find('\0'), input.size());
  const std::string_view content = input.substr(0, split);
  const std::string_view text = input.substr(std::min(split + 1, input.size()));
  try {
    text::decode_utf8(text::nfc(text));
    text::lowercase(text);
    text::split_words(text);
  } catch (const Error&) {
  }
  // a SentencePiece model goes to its library, whose own tests cover it
  if (content.find("sentencepiece") != std::string_view::npos) return 0;
  const Json json = Json::parse(content, nullptr, false);
  if (json.is_discarded()) return 0;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  try {
    tokenizer = text::tokenizer_from_json(json);
  } catch (const Error& error) {
    if (exit_code(error.code()) != 3) __builtin_trap();
    return 0;
  }
  const auto again = text::tokenizer_from_json(tokenizer->to_json());
  if (again->tokens() != tokenizer->tokens()) __builtin_trap();
  try {
    const auto ids = tokenizer->encode(text);
    if (again->encode(text) != ids) __builtin_trap();
    for (const int id : ids) tokenizer->token(id);
    tokenizer->decode(ids);
    tokenizer->text_of(ids);
  } catch (const Error& error) {
    if (exit_code(error.code()) != 3) __builtin_trap();  // the text is no UTF-8
  }
  return 0;
}
