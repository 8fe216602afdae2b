#pragma once

#include <functional>
#include <memory>
#include <utility>  // before asio's coroutines: Boost 1.74 forgets it
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

/// Bytes of one connection, plain or encrypted, behind one type: what reads HTTP and WebSocket is
/// compiled once.
namespace nest::serve {

namespace asio = boost::asio;
using ErrorOf = boost::system::error_code;

class Transport {
 public:
  using Done = std::function<void(ErrorOf, std::size_t)>;
  virtual ~Transport() = default;
  virtual void handshake(Done done) = 0;
  virtual void read(asio::mutable_buffer into, Done done) = 0;
  virtual void write(const std::vector<asio::const_buffer>& from, Done done) = 0;
  /// Bytes have arrived that no read has taken.
  virtual bool has_input() = 0;
  /// A read that has nothing yet ends with operation_aborted; one that has brings it.
  virtual void cancel() = 0;
  /// Nothing more is sent.
  virtual void end() = 0;
  /// At once; what is under way ends with an error.
  virtual void close() = 0;
};

/// What makes transports of accepted sockets: plain, or TLS.
using MakeTransport = std::function<std::shared_ptr<Transport>(asio::ip::tcp::socket socket)>;

MakeTransport plain_transport();
/// TLS 1.2 or later. Errors: InvalidArgument naming the file that does not fit.
MakeTransport tls_transport(const std::string& cert_file, const std::string& key_file);

}  // namespace nest::serve
