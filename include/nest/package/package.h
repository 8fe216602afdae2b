#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"
#include "nest/package/manifest.h"
#include "nest/recognize/bundle.h"

namespace nest::package {

struct VerifyOptions {
  std::string key = {};  ///< public key (PEM) whose signature the package must bear; empty: any
  runtime::MachineOptions machine = {};  ///< that runs the golden vectors
};
void visit_fields(FieldVisitor& visitor, VerifyOptions& options);

/// One thing that must be true of a package.
struct PackageCheck {
  std::string name;    ///< "files", "manifest", "signature", "golden"
  std::string detail;  ///< what was looked at
  std::vector<std::string> faults;
};

struct PackageReport {
  std::vector<PackageCheck> checks;
  bool passed() const;
};
Json to_json(const PackageReport& report);
/// A line a check, a line a fault.
std::string report_text(const PackageReport& report);

/// A package that proved itself: every file has its hash, none is missing or was added, and the
/// model makes of the golden inputs what it made of them when it was packaged.
///
/// The model is read once, hashed and kept in memory: what happens to the files afterwards does not
/// matter. State: immutable; copies share the weights.
class Package {
 public:
  /// A folder or an archive. Errors: NotFound, Io; CheckFailed that lists every fault; Interrupted.
  static Package load(const std::filesystem::path& path, const VerifyOptions& options = {},
                      const Job& job = {});

  const Manifest& manifest() const { return manifest_; }
  const recognize::Bundle& bundle() const { return bundle_; }
  /// SHA-256 of the manifest: two packages with one id are the same.
  const std::string& id() const { return id_; }
  /// Golden inputs, in the order of the manifest. Shapes: [source channels, samples].
  const std::vector<Tensor>& inputs() const { return inputs_; }

 private:
  friend struct Opening;
  Manifest manifest_;
  recognize::Bundle bundle_;
  std::string id_;
  std::vector<Tensor> inputs_;
};

/// Looks for every fault. Errors: NotFound, Io; DataCorrupt if it is no package at all;
/// Interrupted.
PackageReport verify_package(const std::filesystem::path& path, const VerifyOptions& options = {},
                             const Job& job = {});
/// The same of an archive in memory.
PackageReport verify_archive(std::span<const std::byte> archive, const VerifyOptions& options = {},
                             const Job& job = {});

}  // namespace nest::package
