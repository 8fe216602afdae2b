#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>

#include "serve/network.h"

namespace nest::serve {

/// One connection, from its first byte to its last; removes `place` from the network.
asio::awaitable<void> serve_connection(Network& network, Connections::Place place,
                                       std::string peer);

}  // namespace nest::serve
