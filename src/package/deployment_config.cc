#include "nest/package/deployment_config.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/options.h"
#include "nest/core/suggest.h"
#include "nest/core/utf8.h"

namespace nest::package {
namespace {

constexpr std::string_view kPrefix = "NEST_";
constexpr std::string_view kSeparator = "__";

std::string joined(const std::string& outer, const std::string& key) {
  return outer.empty() ? key : outer + "." + key;
}

/// Dotted keys of everything that is no map.
void add_leaves(const Json& json, const std::string& key, FieldNames& leaves) {
  if (!json.is_object()) {
    leaves.insert(key);
    return;
  }
  for (const auto& [name, value] : json.items()) add_leaves(value, joined(key, name), leaves);
}

FieldNames leaves_of(const Json& json) {
  FieldNames leaves;
  add_leaves(json, "", leaves);
  return leaves;
}

/// The fields of settings by dotted key.
class Fields : public FieldVisitor {
 public:
  explicit Fields(DeploymentSettings& settings) { visit_fields(*this, settings); }

  /// Sets a field. Errors: DataCorrupt with file, line and key.
  void read(const std::string& key, const Config& value) {
    const auto found = entries_.find(key);
    require(found != entries_.end(), ErrorCode::kDataCorrupt, "{}: there is no such key{}",
            value.location(), suggestion(key, keys_));
    const Json json = value.to_json();
    require(!json.is_string() || is_utf8(json.get_ref<const std::string&>()),
            ErrorCode::kDataCorrupt, "{}: is no UTF-8 text", value.location());
    const Entry& entry = found->second;
    entry.value.read(value);
    const std::string problem = entry.value.problem(entry.limits, entry.choices);
    require(problem.empty(), ErrorCode::kDataCorrupt, "{}: {}", value.location(), problem);
  }

 protected:
  void on_field(const Field& field, const FieldValue& value) override {
    keys_.push_back(joined(section_, std::string(field.name)));
    entries_.emplace(keys_.back(), Entry{value, field.limits, field.traits.choices});
  }
  void on_part(std::string_view name, const AnyOptions& options) override {
    section_ = name;
    options.visit(*this);
    section_.clear();
  }

 private:
  struct Entry {
    FieldValue value;
    Limits limits;
    std::span<const std::string_view> choices;
  };
  std::string section_;
  std::vector<std::string> keys_;
  std::map<std::string, Entry> entries_;
};

/// Reads every key that a tree has; one message a fault.
std::vector<std::string> read_all(const Config& config, DeploymentSettings& settings) {
  Fields fields(settings);
  std::vector<std::string> faults;
  const auto attempt = [&](const auto& read) {
    try {
      read();
    } catch (const Error& error) {
      faults.emplace_back(error.what());
    }
  };
  for (const std::string& section : config.keys()) {
    const Config inner = config.at(section);
    if (inner.is_null()) continue;
    if (!inner.is_map()) attempt([&] { fields.read(section, inner); });
    for (const std::string& key : inner.keys())
      attempt([&] { fields.read(joined(section, key), inner.at(key)); });
  }
  return faults;
}

void append_yaml(const Json& json, int depth, std::string& text) {
  for (const auto& [key, value] : json.items()) {
    text += fmt::format("{:{}}{}:", "", depth * 2, key);
    if (value.is_object() && !value.empty()) {
      text += "\n";
      append_yaml(value, depth + 1, text);
    } else {
      text += " " + value.dump() + "\n";  // JSON scalars and lists are YAML
    }
  }
}

/// NEST_SERVER__PORT -> "server.port"; "" for a name that is no override.
std::string key_of(std::string_view variable) {
  if (!variable.starts_with(kPrefix)) return "";
  std::string key = lower_ascii(variable.substr(kPrefix.size()));
  const std::size_t at = key.find(kSeparator);
  if (at == std::string::npos || at == 0) return "";
  return key.replace(at, kSeparator.size(), ".");
}

}  // namespace

void DeploymentConfig::load(const std::filesystem::path& path) {
  merge(Config::load(path));
}

void DeploymentConfig::merge(const Config& config) {
  if (config.is_null()) return;  // an empty file
  require(config.is_map(), ErrorCode::kDataCorrupt, "{}: expected a map", config.location());
  DeploymentSettings settings = settings_;
  const std::vector<std::string> faults = read_all(config, settings);
  require(faults.empty(), ErrorCode::kDataCorrupt, "{}", fmt::join(faults, "\n"));
  with_context(config.location(), [&] { nest::validate(settings); });
  settings_ = std::move(settings);
  given_.merge(leaves_of(config.to_json()));
}

void DeploymentConfig::merge_environment(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  // Together, for some belong together; each is read alone first, so that a fault has its name.
  Json tree = Json::object();
  for (const auto& [name, value] : variables) {
    const std::string key = key_of(name);
    if (key.empty()) continue;
    with_context(name, [&] {
      const Json parsed = Config::parse("value: " + value, name).get("value").to_json();
      // A text may look like a number: "type: 5".
      const bool is_text = get(key).is_string();
      const Json read = is_text ? Json(value) : parsed;
      DeploymentSettings settings = settings_;
      Fields(settings).read(key, Config::from_json(read, key));
      const std::size_t dot = key.find('.');
      tree[key.substr(0, dot)][key.substr(dot + 1)] = read;
    });
  }
  merge(Config::from_json(tree, "the environment"));
}

Json DeploymentConfig::get(std::string_view key) const {
  Json json = to_json(settings_);
  if (key.empty()) return json;
  std::string seen;
  for (std::string_view rest = key; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    std::vector<std::string> there;
    for (const auto& [known, value] : json.items()) there.push_back(joined(seen, known));
    require(json.is_object() && json.contains(name), ErrorCode::kNotFound,
            "no key '{}'; there are: {}{}", key, fmt::join(there, ", "),
            suggestion(std::string(key), there));
    json = Json(json.at(std::string(name)));
    seen = joined(seen, std::string(name));
  }
  return json;
}

void DeploymentConfig::set(std::string_view key, const Json& value) {
  get(key);
  Json tree = value;
  for (std::string rest(key); !rest.empty();) {
    const std::size_t dot = rest.rfind('.');
    const std::string name = dot == std::string::npos ? rest : rest.substr(dot + 1);
    rest = dot == std::string::npos ? "" : rest.substr(0, dot);
    tree = Json{{name, std::move(tree)}};
  }
  merge(Config::from_json(tree, std::string(key)));
}

void DeploymentConfig::set_fields(std::string_view section, const Json& values,
                                  const FieldNames& names) {
  Json given = Json::object();
  for (const auto& [name, value] : values.items())
    if (names.contains(name)) given[name] = value;
  if (!given.empty()) set(section, given);
}

void DeploymentConfig::save(const std::filesystem::path& path) const {
  const Json json = to_json(settings_);
  write_text_file(path, path.extension() == ".json" ? json.dump(2) + "\n" : yaml_text(json));
}

void DeploymentConfig::require_contract(const graph::SignalContract& contract) const {
  const auto agrees = [&](std::string_view name, const Json& own) {
    const std::string key = "preprocessing." + std::string(name);
    if (!is_given(key)) return;
    require(get(key) == own, ErrorCode::kDataCorrupt,
            "{} is {}, but the model was made for {}; the package's contract decides: remove the "
            "key or package another model",
            key, get(key).dump(), own.dump());
  };
  agrees("sample_rate", contract.rate_hz);
  agrees("bandpass", contract.bandpass_hz);
  agrees("notch_freq", contract.notch_hz);
}

std::vector<std::pair<std::string, std::string>> environment_variables() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string yaml_text(const Json& json) {
  std::string text;
  append_yaml(json, 0, text);
  return text;
}

}  // namespace nest::package
