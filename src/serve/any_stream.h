#pragma once

#include <array>
#include <memory>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "serve/transport.h"

namespace nest::serve {

/// A Transport as Beast wants a stream.
class AnyStream {
 public:
  using executor_type = asio::io_context::executor_type;

  AnyStream(std::shared_ptr<Transport> transport, executor_type executor)
      : transport_(std::move(transport)), executor_(executor) {}

  executor_type get_executor() const noexcept { return executor_; }
  void close() { transport_->close(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorOf, std::size_t)>(
        [](auto handler, std::shared_ptr<Transport> transport, asio::mutable_buffer into) {
          transport->read(into, shared(std::move(handler)));
        },
        token, transport_, first_of<asio::mutable_buffer>(buffers));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    constexpr std::size_t kMostBuffers = 16;  // header and body leave together
    std::vector<asio::const_buffer> from;
    for (auto it = asio::buffer_sequence_begin(buffers);
         it != asio::buffer_sequence_end(buffers) && from.size() < kMostBuffers; ++it)
      if (asio::const_buffer(*it).size() > 0) from.emplace_back(*it);
    return asio::async_initiate<Token, void(ErrorOf, std::size_t)>(
        [](auto handler, std::shared_ptr<Transport> transport,
           const std::vector<asio::const_buffer>& parts) {
          transport->write(parts, shared(std::move(handler)));
        },
        token, transport_, from);
  }

 private:
  /// Handlers can be moved only; Transport::Done wants to be copied.
  template <class Handler>
  static Transport::Done shared(Handler handler) {
    return [held = std::make_shared<Handler>(std::move(handler))](
               ErrorOf error, std::size_t count) { std::move (*held)(error, count); };
  }
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers);
         ++it)
      if (Buffer(*it).size() > 0) return Buffer(*it);
    return {};
  }

  std::shared_ptr<Transport> transport_;
  executor_type executor_;
};

/// How Beast ends a WebSocket's connection, and breaks one that is late.
template <class Handler>
void async_teardown(boost::beast::role_type, AnyStream& stream, Handler&& handler) {
  stream.close();
  asio::post(stream.get_executor(),
             boost::beast::bind_front_handler(std::forward<Handler>(handler), ErrorOf{}));
}
inline void teardown(boost::beast::role_type, AnyStream& stream, ErrorOf&) {
  stream.close();
}
inline void beast_close_socket(AnyStream& stream) {
  stream.close();
}

}  // namespace nest::serve
