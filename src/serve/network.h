#pragma once

#include <atomic>
#include <utility>

#include "nest/package/deployment_settings.h"
#include "serve/connections.h"
#include "serve/peer.h"

namespace nest::serve {

/// What the connections of a server share. State: one thread, but for the counts.
struct Network {
  Network(const package::ServerSettings& server, Handler& routes)
      : settings(server), handler(routes) {}

  Connections::Place add(std::shared_ptr<Transport> transport) {
    ++open;
    ++unanswered;
    return connections.add(std::move(transport), settings.header_timeout_s);
  }
  /// Nothing that came over it waits for an answer, or a stream counts itself.
  void answered(Connections::Place place) {
    if (std::exchange(place->is_unanswered, false)) --unanswered;
  }
  void remove(Connections::Place place) {
    answered(place);
    Connections::close(place);
    connections.remove(place);
    --open;
  }
  double body_bytes() const { return settings.max_body_mb * 1024 * 1024; }

  const package::ServerSettings& settings;
  Handler& handler;
  asio::io_context io{1};
  Connections connections;
  double bodies = 0;  ///< bytes that are being received
  bool is_ending = false;
  std::atomic<std::size_t> open{0};
  std::atomic<std::size_t> unanswered{0};  ///< connections that may still be owed an answer
};

}  // namespace nest::serve
