#include <algorithm>
#include <unordered_map>

#include "io/bytes.h"
#include "io/pickle.h"
#include "nest/core/base64.h"
#include "nest/core/json.h"
#include "nest/core/tensor.h"

namespace nest::io::pickle {
namespace {

constexpr int kMaxDepth = 64;

/// Digits of a little-endian two's complement number, by division by ten.
std::string decimal(std::string_view bytes) {
  std::vector<std::uint8_t> value(bytes.begin(), bytes.end());
  const bool is_negative = !value.empty() && (value.back() & 0x80) != 0;
  if (is_negative) {
    bool carry = true;
    for (std::uint8_t& byte : value) {
      byte = static_cast<std::uint8_t>(~byte);
      if (carry) carry = ++byte == 0;
    }
  }
  std::string digits;
  const auto is_zero = [&] {
    return std::all_of(value.begin(), value.end(), [](std::uint8_t b) { return b == 0; });
  };
  while (!is_zero()) {
    unsigned rest = 0;
    for (std::size_t i = value.size(); i-- > 0;) {
      rest = rest * 256 + value[i];
      value[i] = static_cast<std::uint8_t>(rest / 10);
      rest %= 10;
    }
    digits += static_cast<char>('0' + rest);
  }
  if (digits.empty()) return "0";
  if (is_negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

/// Shared values are written out each time they occur, so the number of values is counted here:
/// a pickle of a hundred bytes can describe 10^30 of them.
class Converter {
 public:
  Converter(const Pickle& pickle, std::string_view omitted, Departures& departures)
      : pickle_(pickle), omitted_(omitted), departures_(departures) {}

  Json convert(Id id, int depth) {
    require(depth <= kMaxDepth, ErrorCode::kDataCorrupt,
            "values are nested deeper than {} levels, or within themselves", kMaxDepth);
    require(++count_ <= kMaxNodes, ErrorCode::kDataCorrupt, "more than {} values after expansion",
            kMaxNodes);
    const Node& node = pickle_[id];
    switch (node.kind) {
      case Kind::kNone:
        return nullptr;
      case Kind::kBool:
        return node.integer != 0;
      case Kind::kInt:
        return node.integer;
      case Kind::kWideInt:
        return wide_integer(node);
      case Kind::kFloat:
        return node.real;
      case Kind::kText:
        return text(node);
      case Kind::kBytes:
        count_characters(node);
        return base64_encode(as_bytes(node.text));
      case Kind::kTuple:
      case Kind::kList:
        return list(node, depth);
      case Kind::kDict:
      case Kind::kOrderedDict:
        return dict(node, depth);
      case Kind::kTensor:
        return describe(node);
      case Kind::kForeign:
        count_characters(node);
        departures_.add("object that is no plain value, only its name is kept",
                        fmt::format("'{}' {}", entry_, utf8_or_latin1(node.text)));
        return fmt::format("object of {}", utf8_or_latin1(node.text));
      case Kind::kFunction:
      case Kind::kStorageType:
      case Kind::kStorage:
        break;
    }
    departures_.add("no plain value, only its kind is kept",
                    fmt::format("'{}' {}", entry_, name_of(node.kind)));
    return std::string(name_of(node.kind));
  }

 private:
  std::string text(const Node& node) {
    count_characters(node);
    return departures_.utf8(node.text, fmt::format("entry '{}'", entry_));
  }
  /// One long text recalled a million times must not become gigabytes either.
  void count_characters(const Node& node) {
    characters_ += node.text.size();
    require(characters_ <= 4 * kMaxBytes, ErrorCode::kDataCorrupt,
            "the texts have more than {} bytes after expansion", 4 * kMaxBytes);
  }
  /// JSON readers keep 64 bits at most, so it is a text of its digits.
  Json wide_integer(const Node& node) {
    constexpr std::size_t kMostBytes = 32;  // of which the digits are worked out
    std::string digits = node.text.size() > kMostBytes
                             ? fmt::format("an integer of {} bytes", node.text.size())
                             : decimal(node.text);
    departures_.add("integer beyond 64 bits, kept as a text",
                    fmt::format("'{}' {}", entry_, digits));
    return digits;
  }
  Json list(const Node& node, int depth) {
    Json out = Json::array();
    for (const Id item : node.items) out.push_back(convert(item, depth + 1));
    return out;
  }
  Json dict(const Node& node, int depth) {
    Json out = Json::object();
    auto& members = out.get_ref<Json::object_t&>();
    std::unordered_map<std::string, std::ptrdiff_t> position;
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
      const Node& key = pickle_[node.items[i]];
      if (depth == 0 && key.kind == Kind::kText && key.text == omitted_) continue;
      require(key.kind == Kind::kText || key.kind == Kind::kInt, ErrorCode::kDataCorrupt,
              "{} as a key; texts and integers are read", name_of(key.kind));
      std::string name = key.kind == Kind::kText ? text(key) : std::to_string(key.integer);
      if (depth == 0) entry_ = name;
      Json value = convert(node.items[i + 1], depth + 1);
      const auto [known, is_new] = position.emplace(name, std::ssize(members));
      if (is_new) {
        members.emplace_back(std::move(name), std::move(value));
      } else {
        (members.begin() + known->second)->second =
            std::move(value);  // as in Python, the last one counts
      }
    }
    return out;
  }
  std::string describe(const Node& node) {
    Shape shape;
    for (const Id item : pickle_[node.items[2]].items) shape.push_back(pickle_[item].integer);
    count_ += shape.size();
    const std::string_view type =
        node.type.empty() ? nest::name_of(pickle_[node.items[0]].dtype) : node.type;
    return fmt::format("tensor {} {}", utf8_or_latin1(type), nest::to_string(shape));
  }

  const Pickle& pickle_;
  std::string_view omitted_;
  Departures& departures_;
  std::string entry_;  // of the outermost dict
  std::size_t count_ = 0;
  std::size_t characters_ = 0;
};

}  // namespace

Json to_json(const Pickle& pickle, Id id, std::string_view omitted, Departures& departures) {
  return Converter(pickle, omitted, departures).convert(id, 0);
}

}  // namespace nest::io::pickle
