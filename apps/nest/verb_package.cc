#include "nest/package/model_packager.h"
#include "nest/package/package.h"
#include "verb.h"

namespace nest {
namespace {

struct PackageArguments : VerbArguments {
  std::string model;
  std::string config;
  std::string tokenizer;
  std::string out;
  package::PackageOptions package;
};

int write_package(const PackageArguments& a) {
  const package::ModelPackager packager(a.model, a.config, a.tokenizer);
  const package::Manifest manifest = packager.create_package(a.out, a.package, command_job());
  const std::string text =
      fmt::format("{}: '{}' version {}, {} files, {} golden vectors, {}\n", a.out, manifest.name,
                  manifest.version, manifest.files.size(), manifest.golden.size(),
                  manifest.public_key.empty() ? "not signed" : "signed");
  return print_report(a.json, package::to_json(manifest), text);
}

int verify(const std::string& path, const package::VerifyOptions& options, bool json) {
  const package::PackageReport report = package::verify_package(path, options, command_job());
  print_report(json, package::to_json(report), package::report_text(report));
  return report.passed() ? 0 : exit_code(ErrorCode::kCheckFailed);
}

}  // namespace

void add_package(CommandLine& line) {
  add_verb<PackageArguments>(
      line, "package", "A model with everything that serves it, in a folder that proves itself",
      [](Flags& flags, PackageArguments& a) {
        flags.add("model,checkpoint", a.model, ".pt or .safetensors").required();
        flags.add("output", a.out, "folder to write").required();
        flags.add("config", a.config, "model configuration, if the file carries none");
        flags.add("tokenizer", a.tokenizer, "tokenizer, if the model carries none");
        register_flags(flags, a.package);
      },
      write_package, "print the manifest");
}

void add_verify(CommandLine& line) {
  line.add_verb("verify", "Is this package what was written, and does its model do what it did?",
                [](Flags& flags) -> CommandLine::Run {
                  auto path = std::make_shared<std::string>();
                  auto options = std::make_shared<package::VerifyOptions>();
                  auto json = std::make_shared<bool>(false);
                  flags.positional("package", *path, "folder or archive").required();
                  flags.add("json", *json, "print JSON");
                  register_flags(flags, *options);
                  return [=] { return verify(*path, *options, *json); };
                });
}

}  // namespace nest
