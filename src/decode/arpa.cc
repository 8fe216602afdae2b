#include <charconv>
#include <cmath>
#include <memory>
#include <numbers>
#include <unordered_map>
#include <vector>

#include "nest/core/error.h"
#include "nest/core/utf8.h"
#include "ngram_builder.h"

namespace nest::decode {

namespace {

constexpr int kMaxOrder = 16;

/// Reads ARPA line by line; every error names the line.
class ArpaReader {
 public:
  ArpaReader(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  NGramLists read() {
    read_counts();
    NGramLists lists(static_cast<int>(counts_.size()));
    for (int k = 1; k <= lists.order(); ++k) read_section(lists, k);
    expect(trim(line_) == "\\end\\", "expected \\end\\");
    return lists;
  }

 private:
  static std::string_view trim(std::string_view s) {
    const auto first = s.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(" \t\r") - first + 1);
  }

  void expect(bool good, std::string_view what) const {
    require(good, ErrorCode::kDataCorrupt, "{}:{}: {}", origin_, line_number_, what);
  }

  bool next_line() {
    if (text_.empty()) {
      line_ = {};
      return false;
    }
    const auto end = text_.find('\n');
    line_ = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    ++line_number_;
    return true;
  }
  bool next_filled_line() {
    while (next_line()) {
      if (!trim(line_).empty()) return true;
    }
    return false;
  }

  void read_counts() {
    while (true) {
      expect(next_line(),
             "no \\data\\ line: not an ARPA language model (nest lm train makes one of text)");
      if (trim(line_) == "\\data\\") break;
    }
    constexpr std::string_view kKey = "ngram";
    while (next_filled_line() && trim(line_).starts_with(kKey)) {
      const std::string_view rest = trim(line_).substr(kKey.size());
      const std::size_t equals = rest.find('=');
      const int order = read_count<int>(rest.substr(0, equals));
      const auto count = read_count<std::uint64_t>(
          equals == std::string_view::npos ? std::string_view() : rest.substr(equals + 1));
      expect(order == static_cast<int>(counts_.size()) + 1, "orders are not in sequence");
      expect(order <= kMaxOrder, "orders above 16 are not supported");
      expect(count <= text_.size() / 3, "more n-grams than the file can hold");
      counts_.push_back(count);
    }
    expect(!counts_.empty(), "no n-gram counts");
  }

  /// A whole number with any white space around it.
  template <class T>
  T read_count(std::string_view text) const {
    text = trim(text);
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    expect(error == std::errc() && end == text.data() + text.size(),
           "expected 'ngram ORDER=COUNT'");
    return value;
  }

  void read_section(NGramLists& lists, int k) {
    expect(trim(line_) == "\\" + std::to_string(k) + "-grams:",
           "expected \\" + std::to_string(k) + "-grams:");
    lists.reserve(k, counts_[static_cast<std::size_t>(k) - 1]);
    std::uint64_t read = 0;
    while (next_filled_line() && trim(line_).front() != '\\') {
      ++read;
      read_ngram(lists, k);
    }
    const std::uint64_t declared = counts_[static_cast<std::size_t>(k) - 1];
    require(read == declared, ErrorCode::kDataCorrupt, "{}:{}: {} {}-grams, the header says {}",
            origin_, line_number_, read, k, declared);
  }

  std::string_view next_field() {
    const auto begin = line_.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
      line_ = {};
      return {};
    }
    line_.remove_prefix(begin);
    const auto end = std::min(line_.find_first_of(" \t\r"), line_.size());
    const std::string_view field = line_.substr(0, end);
    line_.remove_prefix(end);
    return field;
  }

  float read_log10(std::string_view field) const {
    double value = 0;
    const char* first = field.data() + (field.starts_with('+') ? 1 : 0);
    const auto [p, e] = std::from_chars(first, field.data() + field.size(), value);
    expect(e == std::errc() && p == field.data() + field.size() && std::isfinite(value) &&
               std::abs(value) <= 1000,
           "expected a base-10 logarithm, found '" + utf8_or_latin1(field.substr(0, 40)) + "'");
    return static_cast<float>(value * std::numbers::ln10);
  }

  void read_ngram(NGramLists& lists, int k) {
    const float prob = read_log10(next_field());
    expect(prob <= 0, "probability above 1");
    std::uint32_t words[kMaxOrder];
    for (int i = 0; i < k; ++i) {
      const std::string_view word = next_field();
      expect(!word.empty(), "too few words");
      if (k == 1) {
        words[0] = lists.add_word(word);
        expect(words[0] != NGramLists::kNoWord, "a word is listed twice");
      } else {
        words[i] = lists.find_word(word);
        expect(words[i] != NGramLists::kNoWord, "a word has no 1-gram");
      }
    }
    const std::string_view backoff = next_field();
    expect(next_field().empty(), "too many fields");
    lists.add(k, words, prob, backoff.empty() ? 0.0f : read_log10(backoff));
  }

  std::string_view text_;
  std::string origin_;
  std::string_view line_;
  std::uint64_t line_number_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace

std::shared_ptr<const NGram> NGram::from_arpa(std::string_view text, const std::string& origin) {
  std::string decoded;
  if (has_byte_order_mark(text)) {
    decoded = without_byte_order_mark(std::string(text), origin);
    text = decoded;
  }
  NGramLists lists = ArpaReader(text, origin).read();
  return build_ngram(lists, origin);
}

}  // namespace nest::decode
