#include "serve/listener.h"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sys/resource.h>

#include "nest/core/error.h"
#include "serve/awaited.h"
#include "serve/http_connection.h"
#include "serve/network.h"

namespace nest::serve {
namespace {

using tcp = asio::ip::tcp;

constexpr int kBacklog = 4096;

/// Opens as many files as the system lets this process.
std::size_t raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace

struct Listener::Impl {
  Impl(const package::ServerSettings& settings, Handler& handler, Metrics& metrics)
      : network(settings, handler), acceptor(network.io), ticker(network.io) {
    make_transport = settings.tls_cert.empty() ? plain_transport()
                                               : tls_transport(settings.tls_cert, settings.tls_key);
    const std::size_t files = raise_file_limit();
    constexpr std::size_t kOtherFiles = 64;
    most_connections = std::min(static_cast<std::size_t>(settings.max_connections),
                                files > 2 * kOtherFiles ? files - kOtherFiles : kOtherFiles);
    listen();
    metrics.gauge("nest_connections", "Open connections", {},
                  [this] { return static_cast<double>(network.open.load()); });
  }

  void listen() {
    const package::ServerSettings& settings = network.settings;
    ErrorOf error;
    tcp::resolver resolver(network.io);
    const auto found = resolver.resolve(settings.host, std::to_string(settings.port),
                                        tcp::resolver::passive, error);
    const std::string name = fmt::format("{}:{}", settings.host, settings.port);
    require(!error && !found.empty(), ErrorCode::kInvalidArgument, "`host` {}: {}", settings.host,
            error.message());
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kBacklog, error);
    require(!error, ErrorCode::kIo, "cannot listen on {}: {}; choose another `port`", name,
            error.message());
    port = acceptor.local_endpoint().port();
  }

  asio::awaitable<void> accept() {
    while (acceptor.is_open() && !network.is_ending) {
      ErrorOf error;
      tcp::socket socket = co_await acceptor.async_accept(into(error));
      if (!error) take(std::move(socket));
      if (!error || error == asio::error::operation_aborted) continue;
      // No file descriptor is left, or the client left at once.
      network.connections.close_longest_idle();
      asio::steady_timer pause(network.io, std::chrono::milliseconds(10));
      co_await pause.async_wait(into(error));
    }
    take_last();
  }

  void take(tcp::socket socket) {
    Connections& connections = network.connections;
    if (connections.size() >= most_connections && !connections.close_longest_idle()) return;
    ErrorOf ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto remote = socket.remote_endpoint(ignored);
    std::string peer = ignored ? "" : remote.address().to_string();
    const Connections::Place place = network.add(make_transport(std::move(socket)));
    asio::co_spawn(network.io, serve_connection(network, place, std::move(peer)), asio::detached);
  }

  /// Takes the connections that wait, then no more.
  void take_last() {
    ErrorOf error;
    acceptor.non_blocking(true, error);
    for (int i = 0; i < kBacklog && !error; ++i) {
      tcp::socket socket(network.io);
      acceptor.accept(socket, error);
      if (!error) take(std::move(socket));
    }
    acceptor.close(error);
    network.connections.wake_idle();
    is_accepting = false;
  }

  asio::awaitable<void> tick() {
    while (!is_over) {
      ErrorOf ignored;
      ticker.expires_after(std::chrono::seconds(1));
      co_await ticker.async_wait(into(ignored));
      network.connections.sweep();
      if (network.is_ending) network.connections.wake_idle();
      network.handler.tick();
    }
  }

  Network network;
  tcp::acceptor acceptor;
  asio::steady_timer ticker;
  MakeTransport make_transport;
  std::size_t most_connections = 0;
  std::atomic<bool> is_accepting{true};
  bool is_over = false;
  int port = 0;
};

Listener::Listener(const package::ServerSettings& settings, Handler& handler, Metrics& metrics)
    : impl_(std::make_unique<Impl>(settings, handler, metrics)) {}
Listener::~Listener() = default;

int Listener::port() const {
  return impl_->port;
}
bool Listener::owes_answers() const {
  return impl_->is_accepting || impl_->network.unanswered.load() > 0;
}

void Listener::run() {
  asio::co_spawn(impl_->network.io, impl_->accept(), asio::detached);
  asio::co_spawn(impl_->network.io, impl_->tick(), asio::detached);
  impl_->network.io.run();
}

void Listener::stop_accepting() {
  asio::post(impl_->network.io, [impl = impl_.get()] {
    impl->network.is_ending = true;
    ErrorOf ignored;
    impl->acceptor.cancel(ignored);
  });
}

void Listener::stop() {
  asio::post(impl_->network.io, [impl = impl_.get()] {
    impl->is_over = true;
    ErrorOf ignored;
    impl->acceptor.close(ignored);
    impl->network.connections.close_all();
    impl->ticker.cancel();
  });
}

}  // namespace nest::serve
