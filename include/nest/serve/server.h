#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "nest/core/job.h"
#include "nest/core/options_fwd.h"
#include "nest/package/deployment_config.h"
#include "nest/package/package.h"

namespace nest::serve {

struct ServeOptions {
  /// Package that takes a share of the requests of the served one of its name; it is taken back
  /// when its answers are worse. Empty: none.
  std::string canary = {};
  double canary_share = 0.1;
  package::VerifyOptions verify = {};  ///< of every package, also one that is loaded anew
};
void visit_fields(FieldVisitor& visitor, ServeOptions& options);

/// Serves packages over HTTP and WebSocket (docs/serve.md): the Open Inference Protocol v2,
/// /v1/decode, streams at /v1/stream, /metrics, a page at /.
///
///   serve::Server server(config, {"deploy/nest_v1"});
///   server.run(stop);
///
/// State: run() once; the rest is thread-safe.
class Server {
 public:
  /// Proves every package and listens. Errors: those of Package::load(); InvalidArgument for
  /// settings that are not safe (a host beyond loopback without a token), or that contradict a
  /// package's contract; Io if the address is taken; Interrupted.
  Server(const package::DeploymentConfig& config,
         const std::vector<std::filesystem::path>& packages, const ServeOptions& options = {},
         const Job& job = {});
  ~Server();

  int port() const;
  /// "http://127.0.0.1:8000"
  std::string url() const;

  /// Serves until a stop is requested; then takes no more work, answers what was taken within
  /// `drain_s`, and returns. Raises this process's limit of open files to what the system allows.
  void run(const std::stop_token& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::serve
