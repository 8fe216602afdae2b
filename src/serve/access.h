#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "nest/package/deployment_settings.h"
#include "serve/message.h"

namespace nest::serve {

/// Who may ask for what. State: thread-safe.
class Access {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// Reads the token. Errors: InvalidArgument if the host is not loopback and there is no token,
  /// or the token is shorter than 16 characters; those of reading the file.
  explicit Access(const package::ServerSettings& settings, Clock clock = nullptr);

  /// The answer that refuses a request; nothing if it may pass. Health and the page itself are for
  /// everyone; all else needs the token, where there is one. Without a token only requests that
  /// name this machine pass: a page of another origin has no business here.
  std::optional<Response> refuse(const Request& request);

  bool needs_token() const { return !token_hash_.empty(); }

 private:
  bool has_token(const Request& request) const;
  bool is_too_often(const std::string& peer);

  struct Bucket {
    double tokens = 0;
    std::chrono::steady_clock::time_point at;
  };
  std::string token_hash_;
  bool is_loopback_;
  double rate_;
  Clock clock_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

/// "localhost", 127.0.0.0/8 or ::1, with or without a port.
bool is_loopback_name(std::string_view host);
/// The subprotocol that a browser, which cannot set headers, sends a token by: "bearer.<token>".
inline constexpr std::string_view kTokenProtocol = "bearer.";
inline constexpr std::string_view kStreamProtocol = "nest.v1";

}  // namespace nest::serve
