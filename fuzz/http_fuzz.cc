// What a client sends over one connection, HTTP and WebSocket: the first byte is how many bytes
// arrive at a time (0: all at once). The connection must end when the client has said all.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "serve/http_connection.h"
#include "served.h"

namespace {

namespace serve = nest::serve;
namespace asio = boost::asio;

class Script final : public serve::Transport {
 public:
  Script(asio::io_context& io, std::string_view bytes, std::size_t step)
      : io_(io), bytes_(bytes), step_(step) {}
  void handshake(Done done) override { finish(std::move(done), {}, 0); }
  void read(asio::mutable_buffer into, Done done) override {
    const std::size_t count = is_closed_ ? 0 : std::min({into.size(), step_, bytes_.size()});
    if (count > 0) std::memcpy(into.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    const bool is_over = count == 0 && into.size() > 0;
    finish(std::move(done), is_over ? serve::ErrorOf(asio::error::eof) : serve::ErrorOf{}, count);
  }
  void write(const std::vector<asio::const_buffer>& from, Done done) override {
    std::size_t count = 0;
    for (const asio::const_buffer& part : from) count += part.size();
    finish(std::move(done),
           is_closed_ ? serve::ErrorOf(asio::error::broken_pipe) : serve::ErrorOf{},
           is_closed_ ? 0 : count);
  }
  bool has_input() override { return !bytes_.empty(); }
  void cancel() override {}
  void end() override {}
  void close() override { is_closed_ = true; }

 private:
  void finish(Done done, serve::ErrorOf error, std::size_t count) {
    asio::post(io_, [done = std::move(done), error, count] { done(error, count); });
  }

  asio::io_context& io_;
  std::string_view bytes_;
  std::size_t step_;
  bool is_closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  nest::fuzz::Served& served = nest::fuzz::Served::instance();
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  {
    serve::Network network(served.settings.server, served.router);
    auto script =
        std::make_shared<Script>(network.io, bytes, data[0] == 0 ? std::size_t{65536} : data[0]);
    const serve::Connections::Place place = network.add(std::move(script));
    asio::co_spawn(network.io, serve::serve_connection(network, place, "127.0.0.1"),
                   asio::detached);
    network.io.run();
    if (network.open != 0 || network.unanswered != 0 || network.bodies != 0) __builtin_trap();
  }
  served.settle();
  return 0;
}
