#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/json.h"

namespace nest::graph {

/// Most layers that a configuration may ask for, each with its own weights.
inline constexpr std::int64_t kMaxLayers = 256;

/// How one integer of a section is read.
struct IntegerRule {
  std::vector<std::string> aliases = {};      ///< other names of the same argument
  std::optional<std::int64_t> fallback = {};  ///< the constructor's default
  std::optional<std::int64_t> expected = {};  ///< what other sections already decide
  std::string because = {};                   ///< why it is expected: "the front end yields"
  std::optional<std::int64_t> forced = {};    ///< the data decides, whatever is written
  std::int64_t least = 1;
  std::int64_t most = std::int64_t{1} << 20;
  bool is_extension = false;  ///< unknown to the Python constructors: recorded only if not default
};

/// One map of a model configuration, read argument by argument.
///
/// Every argument read becomes part of `resolved()` under its constructor name, and finish()
/// refuses the keys nobody asked for. Errors: DataCorrupt with file, line and key.
class Section {
 public:
  Section(Config config, std::string title)
      : config_(std::move(config)), title_(std::move(title)) {}

  std::int64_t integer(const std::string& name, const IntegerRule& rule);
  /// A probability in [0, 1).
  double probability(const std::string& name, double fallback);
  bool boolean(const std::string& name, bool fallback);
  std::string choice(const std::string& name, const std::vector<std::string>& choices,
                     const std::string& fallback);
  /// Accepts a key that something else reads.
  void allow(const std::string& name) { known_.push_back(name); }
  bool has(const std::string& name) const { return config_.has(name); }
  const Config& config() const { return config_; }
  /// Adds to resolved() without reading.
  void record(const std::string& name, Json value) { resolved_[name] = std::move(value); }

  /// Errors: DataCorrupt that names every unknown key and lists the known ones.
  void finish() const { config_.expect_keys(known_); }
  const Json& resolved() const { return resolved_; }
  /// "file:line: key (EEGNet)"
  std::string where() const;

 private:
  /// The entry under its name or an alias; null if absent. Errors: DataCorrupt if given twice.
  Config find(const std::string& name, const std::vector<std::string>& aliases);

  Config config_;
  std::string title_;
  std::vector<std::string> known_;
  Json resolved_ = Json::object();
};

}  // namespace nest::graph
