#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/field.h"
#include "nest/core/json_fwd.h"
#include "nest/graph/signal_contract.h"
#include "nest/package/deployment_settings.h"

namespace nest::package {

/// How a model is deployed: the specification's sections with their defaults, changed by files, by
/// the environment and by key.
///
///   DeploymentConfig config;
///   config.load("deploy/config.yaml");
///   config.merge_environment({{"NEST_SERVER__PORT", "9000"}});
///   config.settings().server.port;          // 9000
///
/// State: thread-compatible.
class DeploymentConfig {
 public:
  /// The defaults.
  DeploymentConfig() = default;

  /// Deep merge: what the file names is changed, the rest stays. A file with any fault changes
  /// nothing. Errors: NotFound, Io; DataCorrupt with a line for every fault, each with file, line
  /// and key.
  void load(const std::filesystem::path& path);
  /// The same from a tree. Errors: DataCorrupt as load().
  void merge(const Config& config);
  /// NEST_SECTION__KEY=VALUE for "section.key", the value as in YAML; names without "__" are not
  /// ours. Errors: DataCorrupt naming the variable.
  void merge_environment(const std::vector<std::pair<std::string, std::string>>& variables);

  /// A value or a whole section by its dotted key, "server.port"; "" is everything.
  /// Errors: NotFound that lists the keys there are.
  Json get(std::string_view key) const;
  /// Errors: NotFound; DataCorrupt for a value that the key does not take.
  void set(std::string_view key, const Json& value);
  /// set(), at once, of those values of a section that are among the names, as a command line gives
  /// them.
  void set_fields(std::string_view section, const Json& values, const FieldNames& names);
  /// Whether a file, the environment or set() gave it; a default was not given.
  bool is_given(std::string_view key) const { return given_.contains(key); }

  /// JSON for ".json", else YAML; atomic. load() reads either. Errors: Io.
  void save(const std::filesystem::path& path) const;

  const DeploymentSettings& settings() const { return settings_; }

  /// What was given about the signal agrees with the contract of the model that is to run.
  /// Errors: DataCorrupt naming the key, its value and the contract's.
  void require_contract(const graph::SignalContract& contract) const;

 private:
  DeploymentSettings settings_;
  FieldNames given_;
};

/// The NEST_ variables of this process.
std::vector<std::pair<std::string, std::string>> environment_variables();

/// JSON values as block-style YAML, which Config::parse() reads back.
std::string yaml_text(const Json& json);

}  // namespace nest::package
