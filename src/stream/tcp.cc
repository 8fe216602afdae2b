#include "tcp.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/job.h"

namespace nest::stream {
namespace {

// The resolver of glibc opens shared libraries, which a static program cannot.
#ifdef NEST_STATIC
constexpr int kAddressFlags = AI_NUMERICHOST | AI_NUMERICSERV;
constexpr const char* kAddressRemedy =
    "; this nest is one static program (NEST_STATIC=ON), which resolves no names: write address "
    "and "
    "port in numbers (localhost is 127.0.0.1)";
#else
constexpr int kAddressFlags = 0;
constexpr const char* kAddressRemedy = "";
#endif

/// 0 or the errno of a connection attempt bounded in time; ECANCELED once a stop is requested.
int try_connect(int fd, const addrinfo& target, double timeout_s, const std::stop_token& stop) {
  if (::connect(fd, target.ai_addr, target.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
  pollfd waiting{fd, POLLOUT, 0};
  while (!stop.stop_requested()) {
    const int ready = ::poll(&waiting, 1, 100);
    if (ready < 0 && errno != EINTR) return errno;
    if (ready > 0) {
      int error = 0;
      socklen_t length = sizeof error;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
      return error;
    }
    if (std::chrono::steady_clock::now() >= deadline) return ETIMEDOUT;
  }
  return ECANCELED;
}

}  // namespace

int connect_tcp(const std::string& address, double timeout_s, const std::stop_token& stop) {
  const std::size_t colon = address.rfind(':');
  require(colon != std::string::npos && colon > 0 && colon + 1 < address.size(),
          ErrorCode::kInvalidArgument, "tcp address '{}' is not HOST:PORT", address);
  const std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  addrinfo hints = {};
  hints.ai_flags = kAddressFlags;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  require(status == 0, ErrorCode::kIo, "tcp:{}: {}{}", address, ::gai_strerror(status),
          kAddressRemedy);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  int error = ECONNREFUSED;
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    const int fd = ::socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    error = try_connect(fd, *target, timeout_s, stop);
    if (error == 0) {
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      return fd;
    }
    ::close(fd);
    Job{{}, stop}.check_stop(fmt::format("tcp:{} was not connected yet", address));
  }
  fail(ErrorCode::kIo, "tcp:{}: cannot connect: {}", address,
       std::generic_category().message(error));
}

}  // namespace nest::stream
