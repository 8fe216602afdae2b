#pragma once

#include <memory>

#include "nest/package/deployment_settings.h"
#include "serve/metrics.h"
#include "serve/peer.h"

namespace nest::serve {

/// HTTP/1.1 and WebSocket on one address, on one thread: who is slow holds nobody up.
///
/// Every wait of a client has an end (ServerSettings), every size a bound; at the limit of
/// connections the longest idle one gives way.
class Listener {
 public:
  /// Listens at once. Errors: Io naming the address; InvalidArgument for TLS files.
  Listener(const package::ServerSettings& settings, Handler& handler, Metrics& metrics);
  ~Listener();

  int port() const;
  /// Serves until stop().
  void run();
  /// From any thread: takes no more connections but those that wait already; those that brought a
  /// request end after their answer, the rest at once.
  void stop_accepting();
  /// From any thread: closes everything; run() returns.
  void stop();
  /// Whether a connection may still wait for an answer; before stop_accepting() always.
  bool owes_answers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nest::serve
