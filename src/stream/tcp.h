#pragma once

#include <string>

namespace nest::stream {

/// Connects to "HOST:PORT" and returns the socket. Errors: InvalidArgument, Io with the reason.
int connect_tcp(const std::string& address, double timeout_s);

}  // namespace nest::stream
