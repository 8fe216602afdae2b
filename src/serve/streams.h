#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "serve/models.h"
#include "serve/peer.h"
#include "serve/stream_state.h"
#include "serve/work_pool.h"

namespace nest::serve {

/// All streams of a server: those with a client, and those that wait for theirs to come back.
/// State: thread-safe.
class Streams {
 public:
  Streams(Models& models, WorkPool& pool, const package::ServerSettings& settings,
          Metrics& metrics);

  /// The server's end of a new connection, or the answer that refuses it.
  std::variant<std::unique_ptr<Peer>, Response> open(const Request& request, PeerSink sink);

  /// Forgets streams whose client did not come back, and ends those that are too old.
  void tick();
  /// New streams are refused from now on; clients are told to come back elsewhere.
  void drain();
  /// Streams that have a client.
  std::size_t attached() const;

 private:
  friend class StreamPeer;
  /// Errors: RequestError.
  std::shared_ptr<StreamState> start(const Json& message, const std::string& model);
  std::shared_ptr<StreamState> resume(const Json& message);
  void add(const std::shared_ptr<StreamState>& state);
  void forget(const std::string& id);

  Models& models_;
  WorkPool& pool_;
  const package::ServerSettings& settings_;
  StreamMetrics metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<StreamState>> states_;
  std::size_t starting_ = 0;
  bool is_draining_ = false;
};

/// 128 random bits in hex. Errors: Io.
std::string random_id();

}  // namespace nest::serve
