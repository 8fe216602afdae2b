// The parts of a package: behind the letter "a" an archive, behind "m" a manifest, which is also
// put into a sound archive with the right hash, behind "c" a deployment configuration.
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include "nest/core/config.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/io/zip.h"
#include "nest/package/deployment_config.h"
#include "nest/package/package.h"
#include "package/package_files.h"

namespace {

using namespace nest;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

template <class Read>
void check(Read read) {
  try {
    read();
  } catch (const Error& error) {
    if (exit_code(error.code()) != 3) __builtin_trap();
  }
}

void verify(std::string_view archive) {
  check([&] { to_json(package::verify_archive(bytes_of(archive))).dump(); });
}

/// The golden package with another manifest.
std::string archive_with(std::string_view manifest) {
  static const std::string golden = read_text_file(NEST_FUZZ_PACKAGE);
  static const io::ZipReader zip(bytes_of(golden), nullptr);
  std::ostringstream out;
  io::ZipWriter writer(out);
  writer.add_stored(package::kManifestFile, bytes_of(manifest), package::kAlignmentInArchive);
  for (const io::ZipEntry& entry : zip.entries()) {
    const std::string line = package::manifest_hash_line(bytes_of(manifest));
    const bool is_proof = entry.name == package::kManifestHashFile;
    if (entry.name != package::kManifestFile)
      writer.add_stored(entry.name, is_proof ? bytes_of(line) : zip.mapped(entry),
                        package::kAlignmentInArchive);
  }
  writer.finish();
  return std::move(out).str();
}

void check_manifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return;
  check([&] {
    const Json written = to_json(package::manifest_from_json(json));
    if (to_json(package::manifest_from_json(written)) != written) __builtin_trap();
    verify(archive_with(text));
  });
}

void check_config(std::string_view text) {
  check([&] {
    package::DeploymentConfig config;
    config.merge(Config::parse(text, "fuzzed"));
    package::DeploymentConfig again;
    again.merge(Config::parse(package::yaml_text(config.get("")), "written"));
    if (again.get("") != config.get("")) __builtin_trap();
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 'a') verify(text);
  if (data[0] == 'm') check_manifest(text);
  if (data[0] == 'c') check_config(text);
  return 0;
}
