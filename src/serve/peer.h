#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "serve/message.h"

/// What the network and the routes know of each other.
namespace nest::serve {

/// The way back to a WebSocket client. State: thread-safe; after the connection is gone calls do
/// nothing.
struct PeerSink {
  std::function<void(std::string text)> send;
  /// Ends the connection once all that was sent has left. Only as the answer to a message, before
  /// its `done`: nothing is read then.
  std::function<void(std::string reason)> close;
};

/// The server's end of a WebSocket.
class Peer {
 public:
  virtual ~Peer() = default;
  /// One message; the next one comes after `done` was called, from any thread. Must not block.
  virtual void on_message(bool is_text, std::string content, std::function<void()> done) = 0;
  /// The connection is gone. The last call.
  virtual void on_closed() = 0;
};

/// Whoever answers. Calls come from the network's thread and must not block.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(Request request, Respond respond) = 0;
  /// A WebSocket, or the answer that refuses it.
  virtual std::variant<std::unique_ptr<Peer>, Response> open(const Request& request,
                                                             PeerSink sink) = 0;
  /// About once a second.
  virtual void tick() = 0;
};

}  // namespace nest::serve
