#include "serve/http_connection.h"

#include <array>
#include <optional>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "serve/any_stream.h"
#include "serve/awaited.h"
#include "serve/http_message.h"
#include "serve/websocket_connection.h"

namespace nest::serve {
namespace {

namespace beast = boost::beast;
using Parser = http::request_parser<http::string_body>;

constexpr std::uint32_t kHeaderLimit = 16 * 1024;
constexpr std::size_t kBodiesAtOnce = 16;  // of the largest size

class HttpConnection {
 public:
  HttpConnection(Network& network, Connections::Place place, std::string peer)
      : network_(network),
        place_(place),
        peer_(std::move(peer)),
        stream_(place->transport, network.io.get_executor()) {}

  asio::awaitable<void> run() {
    ErrorOf error;
    co_await handshake(error);
    if (error) co_return;
    bool goes_on = true;
    while (goes_on && !place_->is_closed) goes_on = co_await answer();
    network_.answered(place_);
    if (!place_->is_closed) co_await linger();
  }

 private:
  asio::awaitable<void> handshake(ErrorOf& error) {
    auto done = std::make_shared<Awaited<ErrorOf>>(network_.io);
    place_->transport->handshake([done](ErrorOf result, std::size_t) { done->bring(result); });
    error = co_await arrival(done);
  }

  /// Reads and drops what still comes, so that the client gets the last answer before the end.
  asio::awaitable<void> linger() {
    constexpr double kLinger_s = 2;
    network_.connections.busy(place_, kLinger_s);
    place_->transport->end();
    std::array<char, 4096> dropped;
    ErrorOf error;
    while (!error && !place_->is_closed)
      co_await stream_.async_read_some(asio::buffer(dropped), into(error));
  }

  /// Reads a request's first bytes; none if the server ends and none have arrived.
  asio::awaitable<void> await_request(ErrorOf& error) {
    network_.connections.idle(place_, network_.settings.idle_timeout_s);
    do {
      if (network_.is_ending && !place_->transport->has_input()) co_return;
      buffer_.commit(co_await stream_.async_read_some(buffer_.prepare(4096), into(error)));
    } while (error == asio::error::operation_aborted && !place_->is_closed);
  }

  /// Reads one request and answers it; false if the connection ends.
  asio::awaitable<bool> answer() {
    const package::ServerSettings& settings = network_.settings;
    ErrorOf error;
    if (buffer_.size() == 0) co_await await_request(error);
    if (error || buffer_.size() == 0) co_return false;
    network_.connections.busy(place_, settings.header_timeout_s);
    Parser parser;
    parser.header_limit(kHeaderLimit);
    parser.body_limit(static_cast<std::uint64_t>(network_.body_bytes()));
    co_await http::async_read_header(stream_, buffer_, parser, into(error));
    if (error) co_return co_await refuse(status_of(error));
    if (beast::websocket::is_upgrade(parser.get())) co_return co_await upgrade(parser.release());
    const double expected = parser.content_length()
                                ? static_cast<double>(*parser.content_length())
                                : (parser.is_done() ? 0 : network_.body_bytes());
    if (network_.bodies + expected > network_.body_bytes() * kBodiesAtOnce)
      co_return co_await refuse(503);
    network_.bodies += expected;
    network_.connections.busy(place_, settings.body_timeout_s);
    co_await read_body(parser, error);
    network_.bodies -= expected;
    if (error) co_return co_await refuse(status_of(error));
    co_return co_await respond(parser.release());
  }

  asio::awaitable<void> read_body(Parser& parser, ErrorOf& error) {
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on{http::status::continue_, parser.get().version()};
      co_await http::async_write(stream_, go_on, into(error));
    }
    if (!error && !parser.is_done())
      co_await http::async_read(stream_, buffer_, parser, into(error));
  }

  asio::awaitable<bool> respond(HttpRequest message) {
    Request request;
    if (!translate(message, peer_, request)) co_return co_await refuse(400);
    const bool is_head = message.method() == http::verb::head;
    request.body = std::move(message.body());
    network_.connections.busy(place_, 0);  // the time of the answer is ours
    auto answer = std::make_shared<Awaited<Response>>(network_.io);
    network_.handler.handle(std::move(request), bringer(network_.io, answer));
    Response response = co_await arrival(answer);
    const bool keep_alive = message.keep_alive() && !network_.is_ending;
    HttpResponse made = translate(std::move(response), message.version(), keep_alive, is_head);
    network_.connections.busy(place_, network_.settings.body_timeout_s);
    ErrorOf error;
    http::response_serializer<http::string_body> serializer(made);
    if (is_head) {
      co_await http::async_write_header(stream_, serializer, into(error));
    } else {
      co_await http::async_write(stream_, serializer, into(error));
    }
    co_return !error && keep_alive;
  }

  asio::awaitable<bool> upgrade(HttpRequest message) {
    Request request;
    // What a client sends before it has the answer belongs to no protocol yet.
    if (buffer_.size() > 0 || !translate(message, peer_, request)) co_return co_await refuse(400);
    std::optional<Response> refusal =
        co_await converse(network_, stream_, std::move(message), std::move(request), place_);
    if (refusal) co_await write_last(translate(std::move(*refusal), 11, false, false));
    co_return false;
  }

  /// What was no request has one answer, then the end.
  asio::awaitable<bool> refuse(int status) {
    if (status != 0) co_await write_last(refusal_of(status));
    co_return false;
  }

  asio::awaitable<void> write_last(HttpResponse response) {
    network_.connections.busy(place_, network_.settings.header_timeout_s);
    ErrorOf ignored;
    co_await http::async_write(stream_, response, into(ignored));
  }

  Network& network_;
  Connections::Place place_;
  std::string peer_;
  AnyStream stream_;
  beast::flat_buffer buffer_;
};

}  // namespace

asio::awaitable<void> serve_connection(Network& network, Connections::Place place,
                                       std::string peer) {
  {
    HttpConnection connection(network, place, std::move(peer));
    co_await connection.run();
  }
  network.remove(place);
}

}  // namespace nest::serve
