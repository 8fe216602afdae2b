#pragma once

#include <atomic>
#include <memory>

#include "nest/package/deployment_settings.h"
#include "serve/access.h"
#include "serve/models.h"
#include "serve/peer.h"
#include "serve/streams.h"
#include "serve/v1.h"
#include "serve/v2.h"

namespace nest::serve {

/// Every route of a server, without a network.
class Router final : public Handler {
 public:
  /// All must outlive it. Errors: those of Access.
  Router(Models& models, WorkPool& pool, Metrics& metrics, const package::ServerSettings& settings);

  void handle(Request request, Respond respond) override;
  std::variant<std::unique_ptr<Peer>, Response> open(const Request& request,
                                                     PeerSink sink) override;
  void tick() override { streams_.tick(); }

  /// Not ready from now on; no new streams. What was taken goes on.
  void drain();
  /// Requests that are not answered yet, and streams with a client.
  std::int64_t running() const {
    return running_.load() + static_cast<std::int64_t>(streams_.attached());
  }

 private:
  void route(const Request& request, const Respond& respond);
  Respond recorded(const Request& request, Respond respond);

  Metrics& metrics_;
  Access access_;
  Streams streams_;
  V1 v1_;
  V2 v2_;
  std::atomic<bool> is_draining_{false};
  std::atomic<std::int64_t> running_{0};
};

}  // namespace nest::serve
