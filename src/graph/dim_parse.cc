#include <cctype>
#include <charconv>

#include "nest/core/error.h"
#include "nest/graph/dim.h"

namespace nest::graph {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxText = 4096;

/// sum := term (('+' | '-') term)*;  term := factor (('*' factor) | ('/' integer))*;
/// factor := integer | '-' integer | symbol | '(' sum ')'.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Dim parse() {
    require(text_.size() <= kMaxText, ErrorCode::kDataCorrupt,
            "axis length of {} characters exceeds the limit {}", text_.size(), kMaxText);
    Dim dim = sum(0);
    if (peek() != '\0') complain("the end");
    return dim;
  }

 private:
  [[noreturn]] void complain(std::string_view expected) const {
    fail(ErrorCode::kDataCorrupt, "axis length '{}': expected {} at character {}", text_, expected,
         position_);
  }

  char peek() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++position_;
    return true;
  }

  std::int64_t integer() {
    peek();
    std::int64_t value = 0;
    const char* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) complain("an integer");
    position_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  Dim sum(int depth) {
    if (depth > kMaxDepth) complain("less nesting");
    Dim total = term(depth);
    while (true) {
      if (take('+')) {
        total = total + term(depth);
      } else if (take('-')) {
        total = total - term(depth);
      } else {
        return total;
      }
    }
  }

  Dim term(int depth) {
    Dim product = factor(depth);
    while (true) {
      if (take('*')) {
        product = product * factor(depth);
      } else if (take('/')) {
        const std::int64_t divisor = integer();
        if (divisor <= 0) complain("a positive divisor");
        product = product / divisor;
      } else {
        return product;
      }
    }
  }

  Dim factor(int depth) {
    const char c = peek();
    if (take('(')) {
      Dim inner = sum(depth + 1);
      if (!take(')')) complain("')'");
      return inner;
    }
    if (c == '-' || std::isdigit(static_cast<unsigned char>(c)) != 0) return Dim(integer());
    std::string name;
    while (position_ < text_.size() && is_name(text_[position_])) name += text_[position_++];
    if (name.empty()) complain("a number, a symbol or '('");
    return Dim::symbol(std::move(name));
  }

  static bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

Dim Dim::parse(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace nest::graph
