#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "serve/any_stream.h"
#include "serve/http_message.h"
#include "serve/network.h"

namespace nest::serve {

/// Speaks WebSocket on `stream` until the connection ends. `request` is `upgrade` translated.
/// Returns the answer if the handler refuses it.
asio::awaitable<std::optional<Response>> converse(Network& network, AnyStream& stream,
                                                  HttpRequest upgrade, Request request,
                                                  Connections::Place place);

}  // namespace nest::serve
