#include "nest/core/options.h"

#include <algorithm>
#include <vector>

#include "nest/core/config.h"
#include "nest/core/flags.h"
#include "nest/core/json.h"

namespace nest {
namespace {

std::string joined(std::string_view prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : fmt::format("{}.{}", prefix, name);
}

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    parts.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

class Registrar : public FieldVisitor {
 public:
  Registrar(Flags& flags, const FlagNames& names) : flags_(flags), names_(names) {}

  void group(std::string_view title) override { flags_.group(title); }

 protected:
  void on_field(const Field& field, const FieldValue& value) override {
    const std::string path = joined(prefix_, field.name);
    if (!field.traits.has_flag || names_.without.contains(path)) return;
    const auto renamed = names_.renamed.find(path);
    std::string flag(field.traits.flag.empty() ? field.name : field.traits.flag);
    if (renamed != names_.renamed.end()) flag = renamed->second;
    flags_.add_field(path, flag, value, field.help);
    if (!field.traits.choices.empty()) {
      flags_.choices({field.traits.choices.begin(), field.traits.choices.end()});
    }
    if (field.traits.is_required) flags_.required();
  }
  void on_part(std::string_view name, const AnyOptions& options) override {
    const std::string outer = prefix_;
    if (!name.empty()) prefix_ = joined(prefix_, name);
    options.visit(*this);
    prefix_ = outer;
  }

 private:
  Flags& flags_;
  const FlagNames& names_;
  std::string prefix_;
};

class JsonWriter : public FieldVisitor {
 public:
  Json json = Json::object();

 protected:
  void on_field(const Field& field, const FieldValue& value) override {
    if (field.traits.is_stored) json[std::string(field.name)] = value.json();
  }
  void on_part(std::string_view name, const AnyOptions& options) override {
    if (name.empty()) {
      options.visit(*this);
      return;
    }
    JsonWriter inner;
    options.visit(inner);
    json[std::string(name)] = std::move(inner.json);
  }
};

class Checker : public FieldVisitor {
 protected:
  void on_field(const Field& field, const FieldValue& value) override {
    const std::string problem = value.problem(field.limits, field.traits.choices);
    if (!problem.empty()) fail_field(field.name, "{}", problem);
  }
  void on_part(std::string_view name, const AnyOptions& options) override {
    try {
      options.validate();
    } catch (const FieldError& error) {
      if (name.empty()) throw;
      throw error.inside(name);
    }
  }
};

/// One map of a configuration.
class Reader : public FieldVisitor {
 public:
  Reader(const Config& config, const ReadOptions& reading, std::string prefix)
      : config_(config), reading_(reading), prefix_(std::move(prefix)) {
    require(config.is_map(), ErrorCode::kDataCorrupt, "{}: expected a map", config.location());
    for (const std::string& key : reading.known) add_known(key);
  }

  void expect_known_keys() const {
    config_.expect_keys(known_);
    for (const auto& [key, inner] : known_inside_) {
      if (config_.has(key)) config_.at(key).expect_keys(inner);
    }
  }

 protected:
  void on_field(const Field& field, const FieldValue& value) override {
    std::vector<std::string> keys = split(field.traits.also, ',');
    keys.emplace(keys.begin(), field.name);
    std::optional<Config> given;
    for (const std::string& key : keys) {
      add_known(key);
      const std::optional<Config> found = find(key);
      if (!found || (found->is_null() && !value.is_optional())) continue;
      require(!given, ErrorCode::kDataCorrupt, "{}: the same field as {}; give one of them",
              found->location(), given ? given->location() : "");
      given = found;
    }
    if (!given || reading_.keep.contains(joined(prefix_, field.name))) return;
    value.read(*given);
    const std::string problem = value.problem(field.limits, field.traits.choices);
    require(problem.empty(), ErrorCode::kDataCorrupt, "{}: {}", given->location(), problem);
  }
  void on_part(std::string_view name, const AnyOptions& options) override {
    if (name.empty()) {
      options.visit(*this);
      return;
    }
    add_known(std::string(name));
    const Config inner_config = config_.get(name);
    if (inner_config.is_null()) return;
    Reader inner(inner_config, reading_inside_, joined(prefix_, name));
    options.visit(inner);
    inner.expect_known_keys();
  }

 private:
  /// The value of "key" or "key.inner", null values included.
  std::optional<Config> find(const std::string& path) const {
    Config at = config_;
    for (const std::string& key : split(path, '.')) {
      const std::vector<std::string> keys = at.keys();
      if (std::ranges::find(keys, key) == keys.end()) return std::nullopt;
      at = at.at(key);
    }
    return at;
  }
  void add_known(const std::string& key) {
    const std::size_t dot = key.find('.');
    const std::string outer = key.substr(0, dot);
    if (std::ranges::find(known_, outer) == known_.end()) known_.push_back(outer);
    if (dot != std::string::npos) known_inside_[outer].push_back(key.substr(dot + 1));
  }

  const Config& config_;
  const ReadOptions& reading_;
  const ReadOptions reading_inside_{.keep = reading_.keep, .known = {}};
  std::string prefix_;
  std::vector<std::string> known_;
  StringMap<std::vector<std::string>> known_inside_;
};

}  // namespace

void FieldVisitor::group(std::string_view /*title*/) {}

void FieldVisitor::on_part(std::string_view /*name*/, const AnyOptions& options) {
  options.visit(*this);
}

void register_flags(Flags& flags, const AnyOptions& options, const FlagNames& names) {
  Registrar registrar(flags, names);
  options.visit(registrar);
}

Json to_json(const AnyOptions& options) {
  JsonWriter writer;
  options.visit(writer);
  return std::move(writer.json);
}

void check_fields(const AnyOptions& options) {
  Checker checker;
  options.visit(checker);
}

void read_fields(const Config& config, const AnyOptions& options, const ReadOptions& reading) {
  Reader reader(config, reading, "");
  options.visit(reader);
  reader.expect_known_keys();
}

void read_json(const Json& json, std::string_view origin, const AnyOptions& options) {
  read_fields(Config::from_json(json, std::string(origin)), options, {});
  try {
    options.validate();
  } catch (const Error& error) {
    fail(ErrorCode::kDataCorrupt, "{}: {}", origin, error.what());
  }
}

}  // namespace nest
