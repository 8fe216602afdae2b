#pragma once

#include <stop_token>
#include <string>

namespace nest::stream {

/// Connects to "HOST:PORT" and returns the socket. Errors: InvalidArgument; Io with the reason;
/// Interrupted once `stop` is requested.
int connect_tcp(const std::string& address, double timeout_s, const std::stop_token& stop);

}  // namespace nest::stream
