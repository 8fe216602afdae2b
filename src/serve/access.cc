#include "serve/access.h"

#include <algorithm>
#include <array>

#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/core/utf8.h"

namespace nest::serve {
namespace {

constexpr std::size_t kLeastToken = 16;
constexpr std::size_t kMostPeers = 10000;
constexpr std::array<std::string_view, 3> kOpenPaths{"/", "/v2/health/live", "/v2/health/ready"};

std::string hash_of(std::string_view text) {
  return sha256_hex(std::as_bytes(std::span(text)));
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  const std::size_t colon = host.find(':');
  if (colon != host.rfind(':')) return host;  // a bare IPv6 address
  return host.substr(0, colon);
}

std::string read_token(const std::string& file) {
  if (file.empty()) return "";
  const std::string token(trimmed(read_text_file(file)));
  require(token.size() >= kLeastToken, ErrorCode::kInvalidArgument,
          "{}: a token of {} characters can be guessed; {} are needed: openssl rand -hex 32", file,
          token.size(), kLeastToken);
  return hash_of(token);
}

}  // namespace

bool is_loopback_name(std::string_view host) {
  const std::string name = lower_ascii(without_port(host));
  if (name == "localhost" || name == "::1") return true;
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos &&
         std::count(name.begin(), name.end(), '.') == 3;
}

Access::Access(const package::ServerSettings& settings, Clock clock)
    : token_hash_(read_token(settings.token_file)),
      is_loopback_(is_loopback_name(settings.host)),
      rate_(settings.max_requests_per_s),
      clock_(clock ? std::move(clock) : [] { return std::chrono::steady_clock::now(); }) {
  require(is_loopback_ || !token_hash_.empty(), ErrorCode::kInvalidArgument,
          "`host` {} can be reached from other machines, so clients must prove themselves: give "
          "`token_file`, a file with a secret (openssl rand -hex 32)",
          settings.host);
}

bool Access::has_token(const Request& request) const {
  // Hashes are compared, so that the time taken says nothing about the token.
  std::string_view given = request.header("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (given.starts_with(kBearer)) return hash_of(given.substr(kBearer.size())) == token_hash_;
  for (std::string_view list = request.header("sec-websocket-protocol"); !list.empty();) {
    const std::string_view entry = list.substr(0, list.find(','));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
    const std::string_view name = trimmed(entry);
    if (name.starts_with(kTokenProtocol) &&
        hash_of(name.substr(kTokenProtocol.size())) == token_hash_)
      return true;
  }
  return false;
}

bool Access::is_too_often(const std::string& peer) {
  if (rate_ <= 0) return false;
  const std::scoped_lock lock(mutex_);
  const auto now = clock_();
  const double burst = std::max(1.0, rate_);
  if (buckets_.size() > kMostPeers)
    std::erase_if(buckets_, [&](const auto& entry) {
      return std::chrono::duration<double>(now - entry.second.at).count() * rate_ > burst;
    });
  Bucket& bucket = buckets_.try_emplace(peer, Bucket{burst, now}).first->second;
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  bucket.tokens = std::min(burst, bucket.tokens + passed * rate_);
  bucket.at = now;
  if (bucket.tokens < 1) return true;
  bucket.tokens -= 1;
  return false;
}

std::optional<Response> Access::refuse(const Request& request) {
  if (!needs_token() && !is_loopback_name(request.header("host")))
    return error_response(403, "this server answers to the name of its own machine only");
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) {
    const std::size_t begin = origin.find("://");
    const std::string_view host =
        begin == std::string_view::npos ? origin : origin.substr(begin + 3);
    if (lower_ascii(host) != lower_ascii(request.header("host")))
      return error_response(403, "a page of another origin may not use this server");
  }
  if (std::find(kOpenPaths.begin(), kOpenPaths.end(), request.path) != kOpenPaths.end())
    return std::nullopt;
  if (needs_token() && !has_token(request)) {
    Response response = error_response(401, "a token is needed: Authorization: Bearer TOKEN");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (!is_too_often(request.peer)) return std::nullopt;
  Response response = error_response(429, "too many requests; wait a moment");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace nest::serve
