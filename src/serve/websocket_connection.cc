#include "serve/websocket_connection.h"

#include <deque>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include "nest/core/utf8.h"
#include "serve/access.h"
#include "serve/awaited.h"

namespace nest::serve {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using WebSocket = websocket::stream<AnyStream>;

constexpr std::size_t kMostOutbox = 4 << 20;  // of a client that does not read

struct Conversation {
  Conversation(asio::io_context& io, AnyStream stream)
      : socket(std::move(stream)), ended(std::make_shared<Awaited<bool>>(io)) {}
  WebSocket socket;
  std::shared_ptr<Awaited<bool>> ended;  ///< the close that `is_ending` asks for was tried
  std::deque<std::string> outbox;
  std::size_t outbox_bytes = 0;
  bool is_writing = false;
  bool is_open = false;
  bool is_ending = false;
  std::string reason;
};

/// Writes what waits; one at a time.
asio::awaitable<void> pump(std::shared_ptr<Conversation> c) {
  if (c->is_writing) co_return;
  c->is_writing = true;
  ErrorOf error;
  while (!c->outbox.empty() && !error) {
    if (c->outbox_bytes > kMostOutbox) c->socket.next_layer().close();
    const std::string text = std::move(c->outbox.front());
    c->outbox.pop_front();
    c->outbox_bytes -= text.size();
    co_await c->socket.async_write(asio::buffer(text), into(error));
  }
  if (c->is_ending && !error) {
    constexpr std::size_t kMostReason = 100;  // a close frame holds 123
    const std::string text = utf8_with_replacements(c->reason.substr(0, kMostReason));
    const websocket::close_reason reason(websocket::close_code::normal,
                                         beast::string_view(text.data(), text.size()));
    co_await c->socket.async_close(reason, into(error));
  }
  if (c->is_ending) c->ended->bring(true);
  c->is_writing = false;
}

PeerSink sink_of(asio::io_context& io, const std::weak_ptr<Conversation>& weak) {
  const auto on_io = [&io, weak](auto action) {
    asio::post(io, [&io, weak, action = std::move(action)]() mutable {
      if (const auto conversation = weak.lock()) {
        action(*conversation);
        if (conversation->is_open && !conversation->is_writing)
          asio::co_spawn(io, pump(conversation), asio::detached);
      }
    });
  };
  return {[on_io](std::string text) {
            on_io([text = std::move(text)](Conversation& c) mutable {
              c.outbox_bytes += text.size();
              c.outbox.push_back(std::move(text));
            });
          },
          [on_io](std::string reason) {
            on_io([reason = std::move(reason)](Conversation& c) mutable {
              c.is_ending = true;
              c.reason = std::move(reason);
            });
          }};
}

std::chrono::steady_clock::duration seconds(double value) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(value));
}

void set_options(WebSocket& socket, const package::ServerSettings& settings, bool speaks_ours) {
  websocket::stream_base::timeout limits{};
  limits.handshake_timeout = seconds(settings.header_timeout_s);
  limits.idle_timeout = seconds(settings.idle_timeout_s);
  limits.keep_alive_pings = true;
  socket.set_option(limits);
  socket.read_message_max(static_cast<std::size_t>(settings.max_message_kb * 1024));
  socket.text(true);
  if (speaks_ours)
    socket.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol,
                   beast::string_view(kStreamProtocol.data(), kStreamProtocol.size()));
    }));
}

asio::awaitable<void> listen_to(asio::io_context& io, std::shared_ptr<Conversation> conversation,
                                Peer& peer) {
  beast::flat_buffer buffer;
  while (true) {
    ErrorOf error;
    co_await conversation->socket.async_read(buffer, into(error));
    if (error) co_return;
    const auto data = buffer.data();
    std::string content(static_cast<const char*>(data.data()), data.size());
    buffer.consume(buffer.size());
    auto taken = std::make_shared<Awaited<bool>>(io);
    peer.on_message(conversation->socket.got_text(), std::move(content),
                    [bring = bringer(io, taken)] { bring(true); });
    co_await arrival(taken);
    if (!conversation->is_ending) continue;
    // Beast's close reads what is left. Beside a read that meets a broken frame it would never end:
    // each holds the lock that the other waits for.
    co_await arrival(conversation->ended);
    co_return;
  }
}

}  // namespace

asio::awaitable<std::optional<Response>> converse(Network& network, AnyStream& stream,
                                                  HttpRequest upgrade, Request request,
                                                  Connections::Place place) {
  const auto conversation = std::make_shared<Conversation>(network.io, stream);
  auto opened = network.handler.open(request, sink_of(network.io, conversation));
  if (auto* response = std::get_if<Response>(&opened)) co_return std::move(*response);
  const std::unique_ptr<Peer> peer = std::move(std::get<std::unique_ptr<Peer>>(opened));
  network.connections.busy(place, 0);  // the WebSocket has limits of its own
  network.answered(place);
  set_options(
      conversation->socket, network.settings,
      request.header("sec-websocket-protocol").find(kStreamProtocol) != std::string_view::npos);
  ErrorOf error;
  co_await conversation->socket.async_accept(upgrade, into(error));
  conversation->is_open = !error;
  if (!error) co_await listen_to(network.io, conversation, *peer);
  conversation->is_open = false;
  peer->on_closed();
  co_return std::nullopt;
}

}  // namespace nest::serve
