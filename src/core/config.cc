#include "nest/core/config.h"

#include <algorithm>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/suggest.h"
#include "parse_number.h"

namespace nest {

struct Config::Node {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;     // scalar
  bool quoted = false;  // "12" in quotes is a string
  std::vector<std::pair<std::string, std::shared_ptr<const Node>>> children;
  std::shared_ptr<const std::string> origin;
  std::string key;  // dotted path from the root
  int line = 0;     // 1-based; 0 if unknown
};

namespace {

using Node = Config::Node;
constexpr int kMaxDepth = 64;

std::string child_key(const std::string& parent, const std::string& key) {
  return parent.empty() ? key : parent + "." + key;
}

std::string where(const Node& node) {
  std::string text = *node.origin;
  if (node.line > 0) text += fmt::format(":{}", node.line);
  if (!node.key.empty()) text += ": " + node.key;
  return text;
}

/// 0 if unknown.
int line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : mark.line + 1;
}

/// `line`: where the value's key stands, or its item. The value itself may begin on a later line: a
/// map's with its first key.
std::shared_ptr<Node> convert(const YAML::Node& yaml,
                              const std::shared_ptr<const std::string>& origin, std::string key,
                              int line, int depth) {
  auto node = std::make_shared<Node>();
  node->origin = origin;
  node->key = std::move(key);
  node->line = line;
  require(depth < kMaxDepth, ErrorCode::kDataCorrupt, "{}: nested deeper than {} levels",
          where(*node), kMaxDepth);
  if (yaml.IsScalar()) {
    node->kind = Node::Kind::kScalar;
    node->text = yaml.Scalar();
    node->quoted = yaml.Tag() == "!";
  } else if (yaml.IsSequence()) {
    node->kind = Node::Kind::kList;
    for (std::size_t i = 0; i < yaml.size(); ++i) {
      std::string name = std::to_string(i);
      node->children.emplace_back(name, convert(yaml[i], origin, child_key(node->key, name),
                                                line_of(yaml[i].Mark()), depth + 1));
    }
  } else if (yaml.IsMap()) {
    node->kind = Node::Kind::kMap;
    for (const auto& entry : yaml) {
      const std::string name = entry.first.Scalar();
      auto child = convert(entry.second, origin, child_key(node->key, name),
                           line_of(entry.first.Mark()), depth + 1);
      for (const auto& [seen, other] : node->children) {
        require(seen != name, ErrorCode::kDataCorrupt, "{}: duplicate key (first on line {})",
                where(*child), other->line);
      }
      node->children.emplace_back(name, std::move(child));
    }
  }
  return node;
}

std::shared_ptr<Node> convert(const Json& json, const std::shared_ptr<const std::string>& origin,
                              std::string key, int depth) {
  auto node = std::make_shared<Node>();
  node->origin = origin;
  node->key = std::move(key);
  require(depth < kMaxDepth, ErrorCode::kDataCorrupt, "{}: nested deeper than {} levels",
          where(*node), kMaxDepth);
  if (json.is_object()) {
    node->kind = Node::Kind::kMap;
    for (const auto& [name, value] : json.items()) {
      node->children.emplace_back(name,
                                  convert(value, origin, child_key(node->key, name), depth + 1));
    }
  } else if (json.is_array()) {
    node->kind = Node::Kind::kList;
    for (std::size_t i = 0; i < json.size(); ++i) {
      std::string name = std::to_string(i);
      node->children.emplace_back(name,
                                  convert(json[i], origin, child_key(node->key, name), depth + 1));
    }
  } else if (!json.is_null()) {
    node->kind = Node::Kind::kScalar;
    node->quoted = json.is_string();
    node->text = json.is_string() ? json.get<std::string>() : json.dump();
  }
  return node;
}

const std::string& scalar(const Node& node, std::string_view expected) {
  require(node.kind == Node::Kind::kScalar, ErrorCode::kDataCorrupt, "{}: expected {}, found {}",
          where(node), expected,
          node.kind == Node::Kind::kMap    ? "a map"
          : node.kind == Node::Kind::kList ? "a list"
                                           : "nothing");
  return node.text;
}

}  // namespace

Config::Config() {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::kMap;
  node->origin = std::make_shared<const std::string>("<empty>");
  node_ = std::move(node);
}

Config::Config(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

Config Config::load(const std::filesystem::path& path) {
  return parse(read_text_file(path), path.string());
}

Config Config::parse(std::string_view text, std::string origin) {
  try {
    auto shared = std::make_shared<const std::string>(std::move(origin));
    try {
      const YAML::Node root = YAML::Load(std::string(text));
      return Config(convert(root, shared, "", line_of(root.Mark()), 0));
    } catch (const YAML::Exception& error) {
      const int line = line_of(error.mark);
      fail(ErrorCode::kDataCorrupt, "{}{}: {}", *shared, line > 0 ? fmt::format(":{}", line) : "",
           error.msg);
    }
  } catch (const std::bad_alloc&) {
    fail(ErrorCode::kDataCorrupt, "configuration is too large");
  }
}

Config Config::from_json(const Json& json, std::string origin) {
  return Config(convert(json, std::make_shared<const std::string>(std::move(origin)), "", 0));
}

bool Config::is_map() const {
  return node_->kind == Node::Kind::kMap;
}
bool Config::is_list() const {
  return node_->kind == Node::Kind::kList;
}
bool Config::is_scalar() const {
  return node_->kind == Node::Kind::kScalar;
}
bool Config::is_null() const {
  return node_->kind == Node::Kind::kNull;
}

bool Config::has(std::string_view key) const {
  return !get(key).is_null();
}

std::vector<std::string> Config::keys() const {
  std::vector<std::string> names;
  if (is_map()) {
    for (const auto& [name, child] : node_->children) names.push_back(name);
  }
  return names;
}

std::vector<Config> Config::items() const {
  require(is_list(), ErrorCode::kDataCorrupt, "{}: expected a list", location());
  std::vector<Config> list;
  for (const auto& [name, child] : node_->children) list.push_back(Config(child));
  return list;
}

Config Config::at(std::string_view key) const {
  require(is_map(), ErrorCode::kDataCorrupt, "{}: expected a map with key '{}'", location(), key);
  for (const auto& [name, child] : node_->children) {
    if (name == key) return Config(child);
  }
  fail(ErrorCode::kDataCorrupt, "{}: missing key '{}'; found: {}", location(), key,
       fmt::join(keys(), ", "));
}

Config Config::get(std::string_view key) const {
  if (is_map()) {
    for (const auto& [name, child] : node_->children) {
      if (name == key) return Config(child);
    }
  }
  auto null = std::make_shared<Node>();
  null->origin = node_->origin;
  null->key = child_key(node_->key, std::string(key));
  null->line = node_->line;
  return Config(std::move(null));
}

std::int64_t Config::as_int() const {
  std::int64_t value = 0;
  const std::string& text = scalar(*node_, "an integer");
  require(!node_->quoted && parse_number(text, value), ErrorCode::kDataCorrupt,
          "{}: expected an integer, found '{}'", location(), text);
  return value;
}

std::uint64_t Config::as_unsigned() const {
  std::uint64_t value = 0;
  const std::string& text = scalar(*node_, "an integer");
  require(!node_->quoted && parse_number(text, value), ErrorCode::kDataCorrupt,
          "{}: expected an integer that is not negative, found '{}'", location(), text);
  return value;
}

double Config::as_double() const {
  double value = 0;
  const std::string& text = scalar(*node_, "a number");
  require(!node_->quoted && parse_number(text, value), ErrorCode::kDataCorrupt,
          "{}: expected a finite number, found '{}'", location(), text);
  return value;
}

bool Config::as_bool() const {
  const std::string& text = scalar(*node_, "true or false");
  require(text == "true" || text == "false", ErrorCode::kDataCorrupt,
          "{}: expected true or false, found '{}'", location(), text);
  return text == "true";
}

std::string Config::as_string() const {
  return scalar(*node_, "a string");
}

std::vector<double> Config::as_doubles() const {
  std::vector<double> values;
  for (const Config& item : items()) values.push_back(item.as_double());
  return values;
}

std::vector<std::int64_t> Config::as_ints() const {
  std::vector<std::int64_t> values;
  for (const Config& item : items()) values.push_back(item.as_int());
  return values;
}

std::vector<std::string> Config::as_strings() const {
  std::vector<std::string> values;
  for (const Config& item : items()) values.push_back(item.as_string());
  return values;
}

std::int64_t Config::get_int(std::string_view key, std::int64_t fallback) const {
  return has(key) ? at(key).as_int() : fallback;
}
double Config::get_double(std::string_view key, double fallback) const {
  return has(key) ? at(key).as_double() : fallback;
}
bool Config::get_bool(std::string_view key, bool fallback) const {
  return has(key) ? at(key).as_bool() : fallback;
}
std::string Config::get_string(std::string_view key, std::string fallback) const {
  return has(key) ? at(key).as_string() : fallback;
}

void Config::expect_keys(std::initializer_list<std::string_view> known) const {
  expect_keys(std::vector<std::string>(known.begin(), known.end()));
}

void Config::expect_keys(const std::vector<std::string>& known) const {
  require(is_map(), ErrorCode::kDataCorrupt, "{}: expected a map", location());
  std::vector<std::string> unknown;
  std::string nearest;
  for (const std::string& key : keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const int line = at(key).node_->line;
    unknown.push_back(fmt::format("'{}'{}", key, line > 0 ? fmt::format(" (line {})", line) : ""));
    if (nearest.empty()) nearest = suggestion(key, known);
  }
  require(unknown.empty(), ErrorCode::kDataCorrupt, "{}: unknown key {}; known keys: {}{}",
          location(), fmt::join(unknown, ", "), fmt::join(known, ", "), nearest);
}

Json Config::to_json() const {
  switch (node_->kind) {
    case Node::Kind::kNull:
      return nullptr;
    case Node::Kind::kList: {
      Json list = Json::array();
      for (const auto& [name, child] : node_->children) list.push_back(Config(child).to_json());
      return list;
    }
    case Node::Kind::kMap: {
      Json map = Json::object();
      for (const auto& [name, child] : node_->children) map[name] = Config(child).to_json();
      return map;
    }
    case Node::Kind::kScalar:
      break;
  }
  if (node_->quoted) return node_->text;
  if (node_->text == "true") return true;
  if (node_->text == "false") return false;
  std::int64_t integer = 0;
  if (parse_number(node_->text, integer)) return integer;
  double number = 0;
  if (parse_number(node_->text, number)) return number;
  return node_->text;
}

std::string Config::location() const {
  return where(*node_);
}

}  // namespace nest
