#include "serve/transport.h"

namespace nest::serve {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
  void handshake(Done done) override { done({}, 0); }
  void read(asio::mutable_buffer into, Done done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write(const std::vector<asio::const_buffer>& from, Done done) override {
    socket_.async_write_some(from, std::move(done));
  }
  bool has_input() override {
    ErrorOf ignored;
    return socket_.available(ignored) > 0;
  }
  void cancel() override {
    ErrorOf ignored;
    socket_.cancel(ignored);
  }
  void end() override {
    ErrorOf ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    ErrorOf ignored;
    socket_.close(ignored);
  }

 private:
  asio::ip::tcp::socket socket_;
};

}  // namespace

MakeTransport plain_transport() {
  return [](asio::ip::tcp::socket socket) {
    return std::make_shared<PlainTransport>(std::move(socket));
  };
}

}  // namespace nest::serve
