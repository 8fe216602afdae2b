#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "serve/transport.h"

namespace nest::serve {

/// Errors of an awaited operation go there.
inline auto into(ErrorOf& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

/// Something that a coroutine waits for and another handler of its thread brings.
template <class T>
struct Awaited {
  explicit Awaited(asio::io_context& io) : timer(io, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;
  std::optional<T> value;

  void bring(T brought) {
    value = std::move(brought);
    timer.cancel();
  }
};

/// What brings it from any thread. It holds no part of what is awaited, which so ends in the thread
/// of `io` however long a worker keeps this.
template <class T>
std::function<void(T)> bringer(asio::io_context& io, const std::shared_ptr<Awaited<T>>& awaited) {
  return [&io, awaited = std::weak_ptr(awaited)](T brought) {
    auto held = std::make_shared<T>(std::move(brought));
    asio::post(io, [awaited, held] {
      if (const auto there = awaited.lock()) there->bring(std::move(*held));
    });
  };
}

template <class T>
asio::awaitable<T> arrival(std::shared_ptr<Awaited<T>> awaited) {
  while (!awaited->value) {
    ErrorOf ignored;
    co_await awaited->timer.async_wait(into(ignored));
  }
  co_return std::move(*awaited->value);
}

}  // namespace nest::serve
