#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/package/deployment_settings.h"
#include "serve/served_model.h"

namespace nest::serve {

/// How a new package shares the work of the one it may replace.
struct CanaryOptions {
  double share = 0.1;           ///< of the requests
  std::uint64_t least = 50;     ///< answers of both before they are compared
  double more_failures = 0.05;  ///< share of failed answers above the other's
  double slower = 1.5;          ///< mean time against the other's
  double less_sure = 0.1;       ///< mean confidence below the other's
};

/// What is served: packages by name, each from a path that the operator named. A package is
/// replaced as a whole, after it proved itself; what runs on the old one ends on it.
///
/// State: thread-safe.
class Models {
 public:
  Models(const package::DeploymentSettings& settings, package::VerifyOptions verifying,
         Metrics& metrics, CanaryOptions canary = {});

  /// Loads a package and serves it under its name. Errors: those of Package::load();
  /// InvalidArgument if another path has the name.
  void add(const std::filesystem::path& path, const Job& job = {});
  /// Loads a package that takes a share of the requests of the served model of its name. Errors:
  /// NotFound if there is none; DataCorrupt if it takes other signals.
  void add_canary(const std::filesystem::path& path, const Job& job = {});
  /// Reads a model's package again, proves it and puts it in the place of the old one. On any error
  /// the old one stays. Errors: NotFound; those of Package::load().
  void reload(const std::string& name, const Job& job = {});

  /// A model for one request: the canary for its share. Errors: RequestError 404.
  std::shared_ptr<ServedModel> pick(const std::string& name);
  /// The model itself, "" where only one is served. Errors: RequestError 404, 400.
  std::shared_ptr<ServedModel> find(const std::string& name) const;
  std::vector<std::shared_ptr<ServedModel>> all() const;
  bool has_canary(const std::string& name) const;

  /// Refuses new work and waits for all that was taken.
  void drain();

 private:
  struct Entry {
    std::filesystem::path path;
    std::shared_ptr<ServedModel> model;
    std::shared_ptr<ServedModel> canary = {};
    std::uint64_t picked = 0;
  };
  std::shared_ptr<ServedModel> load(const std::filesystem::path& path, const Job& job) const;
  void add_gauges(const std::string& name);
  void retire(std::shared_ptr<ServedModel> model);
  void judge(const std::string& name, Entry& entry);
  Entry& entry_of(const std::string& name);
  const Entry& entry_of(const std::string& name) const;

  package::DeploymentSettings settings_;
  package::VerifyOptions verifying_;
  Metrics& metrics_;
  CanaryOptions canary_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  /// Replaced ones until nobody else has them: one may not end on a thread of its own.
  std::vector<std::shared_ptr<ServedModel>> retired_;
};

}  // namespace nest::serve
