#include <utility>

#include <boost/asio/ssl.hpp>

#include "nest/core/error.h"
#include "serve/transport.h"

namespace nest::serve {
namespace {

namespace ssl = asio::ssl;

class TlsTransport final : public Transport, public std::enable_shared_from_this<TlsTransport> {
 public:
  TlsTransport(asio::ip::tcp::socket socket, std::shared_ptr<ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}
  // Each operation keeps the stream alive: a cancelled one still ends in it.
  void handshake(Done done) override {
    stream_.async_handshake(
        ssl::stream_base::server,
        [self = shared_from_this(), done = std::move(done)](ErrorOf error) { done(error, 0); });
  }
  void read(asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, kept(std::move(done)));
  }
  void write(const std::vector<asio::const_buffer>& from, Done done) override {
    stream_.async_write_some(from, kept(std::move(done)));
  }
  bool has_input() override {
    ErrorOf ignored;
    return stream_.next_layer().available(ignored) > 0;
  }
  void cancel() override {
    ErrorOf ignored;
    stream_.next_layer().cancel(ignored);
  }
  void end() override {
    ErrorOf ignored;
    stream_.next_layer().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    ErrorOf ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  Done kept(Done done) {
    return [self = shared_from_this(), done = std::move(done)](ErrorOf error, std::size_t count) {
      done(error, count);
    };
  }

  std::shared_ptr<ssl::context> context_;
  ssl::stream<asio::ip::tcp::socket> stream_;
};

}  // namespace

MakeTransport tls_transport(const std::string& cert_file, const std::string& key_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                       ssl::context::no_sslv3 | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  ErrorOf error;
  context->use_certificate_chain_file(cert_file, error);
  require(!error, ErrorCode::kInvalidArgument, "`tls_cert` {}: {}", cert_file, error.message());
  context->use_private_key_file(key_file, ssl::context::pem, error);
  require(!error, ErrorCode::kInvalidArgument, "`tls_key` {}: {}", key_file, error.message());
  return [context](asio::ip::tcp::socket socket) {
    return std::make_shared<TlsTransport>(std::move(socket), context);
  };
}

}  // namespace nest::serve
