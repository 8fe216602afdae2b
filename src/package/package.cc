#include "nest/package/package.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/hash.h"
#include "nest/core/json.h"
#include "nest/core/memory_file.h"
#include "nest/core/options.h"
#include "nest/io/npy.h"
#include "nest/runtime/prepared.h"
#include "package/golden.h"
#include "package/package_files.h"
#include "package/signature.h"

namespace nest::package {

constexpr const char* kPreparedFile = "models/model.prepared";

/// A package on its way to being trusted.
struct Opening {
  const PackageFiles& files;
  const VerifyOptions& options;
  const Job& job;
  PackageReport report = {};
  Package package = {};
  std::string manifest_text = {};
  std::map<std::string, std::vector<std::byte>> kept = {};  ///< contents that are looked into

  std::span<const std::byte> manifest_bytes() const {
    return std::as_bytes(std::span(manifest_text));
  }
  std::string read_text(const std::string& name) const {
    const std::vector<std::byte> bytes = files.read(name);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /// Runs a check; what it throws is a fault.
  bool check(std::string name, const std::function<void(PackageCheck&)>& body) {
    PackageCheck check{std::move(name), {}, {}};
    try {
      body(check);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) throw;
      check.faults.emplace_back(error.what());
    } catch (const Json::exception& error) {
      check.faults.emplace_back(error.what());
    }
    report.checks.push_back(std::move(check));
    return report.checks.back().faults.empty();
  }

  void check_manifest(PackageCheck& check) {
    manifest_text = read_text(kManifestFile);
    const std::string line = manifest_hash_line(manifest_bytes());
    package.id_ = sha256_hex(manifest_bytes());
    check.detail = package.id_;
    if (read_text(kManifestHashFile) != line)
      check.faults.push_back("manifest.json is not the one that manifest.sha256 was made for");
    package.manifest_ = manifest_from_json(Json::parse(manifest_text));
  }

  void check_signature(PackageCheck& check) const {
    const std::string& key = package.manifest_.public_key;
    const std::string wanted = options.key.empty() ? "" : read_public_key(options.key);
    check.detail = key.empty() ? "not signed" : key;
    if (!wanted.empty() && wanted != key)
      check.faults.push_back(key.empty() ? "the package is not signed"
                                         : "the package is signed with another key");
    if (key.empty()) return;
    const std::string text = read_text(kSignatureFile);
    const bool is_line = text.ends_with('\n');
    if (!is_line || !is_signed(manifest_bytes(), text.substr(0, text.size() - 1), key))
      check.faults.push_back("manifest.sig is not a signature of manifest.json");
  }

  bool is_looked_into(const std::string& name) const {
    if (name == kPreparedFile) return true;
    return std::any_of(package.manifest_.golden.begin(), package.manifest_.golden.end(),
                       [&](const GoldenVector& g) { return name == g.input || name == g.output; });
  }

  void check_files(PackageCheck& check) {
    const Manifest& manifest = package.manifest_;
    std::set<std::string> expected{kManifestFile, kManifestHashFile};
    if (!manifest.public_key.empty()) expected.insert(kSignatureFile);
    for (const auto& [name, entry] : manifest.files) expected.insert(name);
    for (const std::string& name : files.names())
      if (!expected.contains(name)) check.faults.push_back(name + ": does not belong here");
    for (const auto& [name, entry] : manifest.files) {
      job.check_stop("verify the package again");
      try {
        std::vector<std::byte> bytes = files.read(name);
        if (bytes.size() != entry.bytes || sha256_hex(bytes) != entry.sha256)
          check.faults.push_back(name + ": was changed");
        if (is_looked_into(name)) kept[name] = std::move(bytes);
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kInterrupted) throw;
        check.faults.push_back(fmt::format("{}: {}", name, error.what()));
      }
    }
    if (const std::string problem = files.problem(); !problem.empty())
      check.faults.push_back(problem);
    check.detail = fmt::format("{} files", manifest.files.size());
  }

  const std::vector<std::byte>& content(const std::string& name) const {
    const auto found = kept.find(name);
    require(found != kept.end(), ErrorCode::kDataCorrupt, "{}: is not in the package", name);
    return found->second;
  }

  void check_golden(PackageCheck& check) {
    const Manifest& manifest = package.manifest_;
    const MemoryFile prepared(content(kPreparedFile));
    package.bundle_ = recognize::make_bundle(
        recognize::make_runnable(runtime::PreparedModel::open(prepared.path()), options.machine));
    require(nest::to_json(package.bundle_.model().signal) == nest::to_json(manifest.signal),
            ErrorCode::kDataCorrupt, "the model's signal contract is not the manifest's");
    GoldenRunner runner(package.bundle_);
    for (const GoldenVector& g : manifest.golden) {
      job.check_stop("verify the package again");
      Tensor input = io::parse_npy(content(g.input));
      const std::string fault = difference(runner.run(input), io::parse_npy(content(g.output)),
                                           g.text, manifest.tolerance);
      if (!fault.empty()) check.faults.push_back(g.input + ": " + fault);
      package.inputs_.push_back(std::move(input));
    }
    check.detail = fmt::format("{} vectors", manifest.golden.size());
    if (manifest.golden.empty()) check.faults.push_back("there is no golden vector");
  }

  /// Later checks need what earlier ones found.
  void run() {
    if (!check("manifest", [&](PackageCheck& c) { check_manifest(c); })) return;
    check("signature", [&](PackageCheck& c) { check_signature(c); });
    if (!check("files", [&](PackageCheck& c) { check_files(c); })) return;
    check("golden", [&](PackageCheck& c) { check_golden(c); });
  }
};

void visit_fields(FieldVisitor& visitor, VerifyOptions& o) {
  visitor.field("key", o.key, "public key (PEM) whose signature the package must bear");
  visitor.part("machine", o.machine);
}

bool PackageReport::passed() const {
  return std::all_of(checks.begin(), checks.end(),
                     [](const PackageCheck& check) { return check.faults.empty(); });
}

Json to_json(const PackageReport& report) {
  Json checks = Json::array();
  for (const PackageCheck& check : report.checks)
    checks.push_back({{"name", check.name},
                      {"passed", check.faults.empty()},
                      {"detail", check.detail},
                      {"faults", check.faults}});
  return {{"passed", report.passed()}, {"checks", std::move(checks)}};
}

std::string report_text(const PackageReport& report) {
  std::string text;
  for (const PackageCheck& check : report.checks) {
    text += fmt::format("{:<10} {}  {}\n", check.name, check.faults.empty() ? "ok   " : "FAULT",
                        check.detail);
    for (const std::string& fault : check.faults) text += fmt::format("           {}\n", fault);
  }
  return text;
}

Package Package::load(const std::filesystem::path& path, const VerifyOptions& options,
                      const Job& job) {
  nest::validate(options);
  const auto files = PackageFiles::open(path);
  Opening opening{*files, options, job};
  opening.run();
  std::vector<std::string> faults;
  for (const PackageCheck& check : opening.report.checks)
    faults.insert(faults.end(), check.faults.begin(), check.faults.end());
  require(faults.empty(), ErrorCode::kCheckFailed,
          "{}: is not the package that was written: {}; write it again (nest package)",
          path.string(), fmt::join(faults, "; "));
  return std::move(opening.package);
}

PackageReport verify_package(const std::filesystem::path& path, const VerifyOptions& options,
                             const Job& job) {
  nest::validate(options);
  const auto files = PackageFiles::open(path);
  Opening opening{*files, options, job};
  opening.run();
  return std::move(opening.report);
}

PackageReport verify_archive(std::span<const std::byte> archive, const VerifyOptions& options,
                             const Job& job) {
  const auto files = PackageFiles::open_archive(archive);
  Opening opening{*files, options, job};
  opening.run();
  return std::move(opening.report);
}

}  // namespace nest::package
