#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nest::test {

/// A plain TCP client.
class Socket {
 public:
  explicit Socket(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool is_open() const { return is_open_; }
  void send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Bytes until there are `least` of them or the server closes; at most 20 s.
  std::string receive(std::size_t least) {
    std::string text;
    char block[65536];
    while (text.size() < least) {
      pollfd waiting{descriptor_, POLLIN, 0};
      if (::poll(&waiting, 1, 20000) <= 0) break;
      const auto count = ::recv(descriptor_, block, sizeof block, 0);
      if (count <= 0) break;
      text.append(block, static_cast<std::size_t>(count));
    }
    return text;
  }
  /// Everything until the server closes.
  std::string receive_all() { return receive(std::string::npos); }

 private:
  int descriptor_;
  bool is_open_ = false;
};

}  // namespace nest::test
