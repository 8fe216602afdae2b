#include <cstdio>
#include <functional>

#include "nest/serve/server.h"
#include "verb.h"

namespace nest {
namespace {

struct ServeArguments : VerbArguments {
  std::vector<std::string> packages;
  std::string config;
  package::InferenceSettings inference;
  package::ServerSettings server;
  serve::ServeOptions serve;
  std::function<FieldNames()> given;  ///< flags that stand on the command line
};

int run_serve(const ServeArguments& a) {
  const FieldNames given = a.given();
  package::DeploymentConfig config;  // defaults, then the file, the environment, the command line
  if (!a.config.empty()) config.load(a.config);
  config.merge_environment(package::environment_variables());
  config.set_fields("inference", to_json(a.inference), given);
  config.set_fields("server", to_json(a.server), given);
  std::vector<std::filesystem::path> packages(a.packages.begin(), a.packages.end());
  if (packages.empty() && config.is_given("model.checkpoint"))
    packages.emplace_back(config.settings().model.checkpoint);
  serve::Server server(config, packages, a.serve, command_job());
  print_report(a.json, {{"url", server.url()}, {"port", server.port()}}, server.url() + "\n");
  std::fflush(stdout);
  server.run(command_job().stop);
  return 0;
}

}  // namespace

void add_serve(CommandLine& line) {
  add_verb<ServeArguments>(
      line, "serve", "Serve packages: v2 protocol, streams, metrics and a page",
      [](Flags& flags, ServeArguments& a) {
        flags.positional("package", a.packages, "folders or archives of nest package");
        flags.add("config", a.config, "deployment configuration (YAML or JSON)");
        register_flags(flags, a.server);
        flags.group("Models");
        register_flags(flags, a.inference);
        register_flags(flags, a.serve);
        a.given = [flags] { return flags.given(); };
      },
      run_serve, "print the address as JSON");
}

}  // namespace nest
