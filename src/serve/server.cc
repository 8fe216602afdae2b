#include "nest/serve/server.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "serve/listener.h"
#include "serve/router.h"

namespace nest::serve {
namespace {

package::ServerSettings checked(const package::DeploymentConfig& config) {
  package::validate(config.settings().server);
  return config.settings().server;
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ServeOptions& o) {
  visitor.field("canary", o.canary, "package that takes a share of its model's requests");
  visitor.field("canary_share", o.canary_share, "of the requests", above(0).to(1));
  visitor.part("verify", o.verify);
}

struct Server::Impl {
  Impl(const package::DeploymentConfig& config, const std::vector<std::filesystem::path>& packages,
       const ServeOptions& options, const Job& job)
      : settings(checked(config)),
        models(config.settings(), options.verify, metrics, {.share = options.canary_share}),
        pool(settings.workers, static_cast<std::size_t>(settings.max_queue)),
        router(models, pool, metrics, settings) {
    require(!packages.empty(), ErrorCode::kInvalidArgument, "there is no package to serve");
    for (const auto& path : packages) models.add(path, job);
    for (const auto& model : models.all()) config.require_contract(model->contract());
    if (!options.canary.empty()) models.add_canary(options.canary, job);
    listener = std::make_unique<Listener>(settings, router, metrics);
  }

  /// Until nothing is under way, or the time is over.
  void drain() {
    using Clock = std::chrono::steady_clock;
    router.drain();
    listener->stop_accepting();
    const auto end = Clock::now() + std::chrono::duration<double>(settings.drain_s);
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    while ((router.running() > 0 || listener->owes_answers()) && Clock::now() < end)
      never.wait_for(lock, std::chrono::milliseconds(10));
    if (const auto left = router.running(); left > 0)
      log_warn("{} requests and streams were not at their end after {} s", left, settings.drain_s);
    pool.drain();
    models.drain();
    listener->stop();
  }

  const package::ServerSettings settings;
  Metrics metrics;
  Models models;
  WorkPool pool;
  Router router;
  std::unique_ptr<Listener> listener;
};

Server::Server(const package::DeploymentConfig& config,
               const std::vector<std::filesystem::path>& packages, const ServeOptions& options,
               const Job& job) {
  nest::validate(options);
  impl_ = std::make_unique<Impl>(config, packages, options, job);
}
Server::~Server() = default;

int Server::port() const {
  return impl_->listener->port();
}

std::string Server::url() const {
  const std::string& host = impl_->settings.host;
  const bool is_bare = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", impl_->settings.tls_cert.empty() ? "http" : "https",
                     is_bare ? "[" + host + "]" : host, port());
}

void Server::run(const std::stop_token& stop) {
  std::jthread network([this] { impl_->listener->run(); });
  std::mutex mutex;
  std::condition_variable_any never;
  {
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
  }
  impl_->drain();
}

}  // namespace nest::serve
