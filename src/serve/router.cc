#include "serve/router.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "nest/core/json_text.h"
#include "nest/core/log.h"
#include "serve/page.h"

namespace nest::serve {
namespace {

/// The page may run nothing but itself, and talk to nobody but this server.
constexpr const char* kPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

Response page() {
  Response response{.content_type = "text/html; charset=utf-8", .body = std::string(kPage)};
  response.headers = {{"Content-Security-Policy", kPagePolicy}};
  return response;
}

/// The routes there are; names and numbers that clients choose are "*".
constexpr std::array<std::string_view, 17> kRoutes{"/",
                                                   "/metrics",
                                                   "/v1/decode",
                                                   "/v1/signal",
                                                   "/v1/models/*/card",
                                                   "/v1/models/*/golden/*",
                                                   "/v2",
                                                   "/v2/health/live",
                                                   "/v2/health/ready",
                                                   "/v2/models/*",
                                                   "/v2/models/*/infer",
                                                   "/v2/models/*/ready",
                                                   "/v2/models/*/config",
                                                   "/v2/models/*/stats",
                                                   "/v2/repository/index",
                                                   "/v2/repository/models/*/load",
                                                   "/v2/repository/models/*/unload"};

/// Which of them a path is, for figures and logs: a client cannot make up new ones.
std::string_view route_of(const std::vector<std::string>& path) {
  std::string name;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0 && path[i - 1] == "versions" && i + 1 < path.size()) continue;
    if (path[i] == "versions" && i > 0) continue;
    const bool is_name = i > 0 && (path[i - 1] == "models" || path[i - 1] == "golden");
    name += "/" + (is_name ? "*" : path[i]);
  }
  const auto found = std::find(kRoutes.begin(), kRoutes.end(), name.empty() ? "/" : name);
  return found == kRoutes.end() ? "other" : *found;
}

}  // namespace

Router::Router(Models& models, WorkPool& pool, Metrics& metrics,
               const package::ServerSettings& settings)
    : metrics_(metrics),
      access_(settings),
      streams_(models, pool, settings, metrics),
      v1_(models, pool),
      v2_(models, pool) {
  metrics.gauge("nest_running_requests", "Requests that are not answered yet", {},
                [this] { return static_cast<double>(running_.load()); });
  metrics.gauge("nest_queued_tasks", "Tasks that wait for a thread", {},
                [&pool] { return static_cast<double>(pool.waiting()); });
}

Respond Router::recorded(const Request& request, Respond respond) {
  const auto start = std::chrono::steady_clock::now();
  const std::string route(route_of(segments_of(request.path)));
  running_.fetch_add(1);
  return [this, start, route, respond = std::move(respond), method = request.method,
          id = request.id, peer = request.peer, bytes = request.body.size()](Response response) {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    metrics_
        .counter("nest_requests_total", "Requests by route and status",
                 {{"route", route}, {"status", std::to_string(response.status)}})
        .add();
    metrics_
        .histogram("nest_request_seconds", "Time from a request to its answer", {{"route", route}},
                   latency_bounds())
        .record(seconds);
    if (is_logged(LogLevel::kInfo))
      log_message(LogLevel::kInfo, json_text({{"event", "request"},
                                              {"id", id},
                                              {"peer", peer},
                                              {"method", method},
                                              {"route", route},
                                              {"status", response.status},
                                              {"ms", seconds * 1e3},
                                              {"bytes_in", bytes},
                                              {"bytes_out", response.body.size()}}));
    response.headers.emplace_back("X-Request-Id", id);
    respond(std::move(response));
    running_.fetch_sub(1);
  };
}

void Router::handle(Request request, Respond respond) {
  respond = recorded(request, std::move(respond));
  try {
    if (std::optional<Response> refusal = access_.refuse(request))
      return respond(std::move(*refusal));
    route(request, respond);
  } catch (const std::exception& error) {
    respond(error_response(error));
  }
}

void Router::route(const Request& request, const Respond& respond) {
  const std::vector<std::string> path = segments_of(request.path);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (path.empty()) return respond(is_get ? page() : error_response(405, "use GET"));
  const std::vector<std::string> rest(path.begin() + 1, path.end());
  if (path[0] == "v2") return v2_.handle(request, rest, !is_draining_, respond);
  if (path[0] == "v1") return v1_.handle(request, rest, respond);
  if (path[0] == "metrics" && rest.empty() && is_get)
    return respond(
        {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.text()});
  respond(error_response(404, "no such route"));
}

std::variant<std::unique_ptr<Peer>, Response> Router::open(const Request& request, PeerSink sink) {
  if (std::optional<Response> refusal = access_.refuse(request)) return std::move(*refusal);
  if (request.path != "/v1/stream") return error_response(404, "streams are at /v1/stream");
  return streams_.open(request, std::move(sink));
}

void Router::drain() {
  is_draining_ = true;
  streams_.drain();
}

}  // namespace nest::serve
