#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/json_fwd.h"

namespace nest {

/// A read-only tree of configuration values that knows where each value was written.
///
/// Every error names the file, the line and the dotted key:
/// "configs/model.yaml:12: nest_ctc.decoder.vocab_size: expected an integer, found 'many'".
class Config {
 public:
  /// An empty map with no origin.
  Config();

  /// Parses YAML; JSON is read by the same parser. Errors: Io, DataCorrupt (syntax, duplicate key).
  static Config load(const std::filesystem::path& path);
  static Config parse(std::string_view text, std::string origin = "<text>");
  static Config from_json(const Json& json, std::string origin = "<json>");

  bool is_map() const;
  bool is_list() const;
  bool is_scalar() const;
  bool is_null() const;

  bool has(std::string_view key) const;
  /// Keys of a map in file order.
  std::vector<std::string> keys() const;
  /// Elements of a list.
  std::vector<Config> items() const;

  /// Errors: DataCorrupt naming the missing key and the keys that are there.
  Config at(std::string_view key) const;
  /// Null config if absent.
  Config get(std::string_view key) const;

  /// Errors of as_*() and get_*(): DataCorrupt "<location>: expected an integer, found 'many'".
  std::int64_t as_int() const;
  std::uint64_t as_unsigned() const;
  double as_double() const;
  bool as_bool() const;
  std::string as_string() const;
  std::vector<double> as_doubles() const;
  std::vector<std::int64_t> as_ints() const;
  std::vector<std::string> as_strings() const;

  /// The value of a key; `fallback` if it is absent.
  std::int64_t get_int(std::string_view key, std::int64_t fallback) const;
  double get_double(std::string_view key, double fallback) const;
  bool get_bool(std::string_view key, bool fallback) const;
  std::string get_string(std::string_view key, std::string fallback) const;

  /// Errors: DataCorrupt that names every unknown key and lists the known ones.
  void expect_keys(std::initializer_list<std::string_view> known) const;
  void expect_keys(const std::vector<std::string>& known) const;

  Json to_json() const;
  /// "file:line: dotted.key"
  std::string location() const;

  struct Node;

 private:
  explicit Config(std::shared_ptr<const Node> node);
  std::shared_ptr<const Node> node_;
};

/// Reads and parses a JSON file in linear time. Errors: Io; DataCorrupt with line and column, for a
/// key that occurs twice in one object, and for nesting deeper than 200 levels.
Json load_json(const std::filesystem::path& path);
Json parse_json(std::string_view text, const std::string& origin);

}  // namespace nest
