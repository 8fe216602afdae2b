// The server on a socket: what clients may do to it.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/base64.h"
#include "nest/serve/server.h"
#include "tests/serve/toy_server.h"
#include "tests/support/socket.h"

namespace nest::serve {
namespace {

using test::Socket;
using testing::HasSubstr;
using testing::StartsWith;

package::DeploymentConfig config_with(const Json& server) {
  package::DeploymentConfig config;
  config.set("server", {{"port", 0}, {"workers", 2}, {"drain_s", 10}});
  config.set("server", server);
  return config;
}

class RunningServer {
 public:
  explicit RunningServer(const Json& settings = Json::object())
      : server_(config_with(settings.empty() ? Json{{"port", 0}} : settings),
                {toy::package_folder()}),
        thread_([this](const std::stop_token& stop) { server_.run(stop); }) {}
  int port() const { return server_.port(); }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  std::string ask(const std::string& request) {
    Socket socket(port());
    socket.send(request);
    return socket.receive_all();
  }
  std::string get(const std::string& target, const std::string& more = "") {
    return ask("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more +
               "\r\n");
  }

 private:
  Server server_;
  std::jthread thread_;
};

TEST(Network, answers_http_and_keeps_connections) {
  RunningServer server;
  EXPECT_THAT(server.get("/v2/health/live"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(server.get("/"), HasSubstr("Content-Security-Policy"));
  EXPECT_THAT(server.get("/metrics"), HasSubstr("# HELP nest_connections"));
  Socket socket(server.port());
  for (int i = 0; i < 3; ++i) {
    socket.send("GET /v2 HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a b/1\r\n\r\n");
    EXPECT_THAT(socket.receive(100), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("ab1")));
  }
  const std::string head =
      server.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(Network, refuses_what_is_no_request) {
  RunningServer server(Json{{"max_body_mb", 0.001}});
  EXPECT_THAT(server.ask("NONSENSE\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(server.ask("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(
      server.ask("GET / HTTP/1.1\r\nHost: localhost\r\nA: " + std::string(20000, 'a') + "\r\n\r\n"),
      StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(server.ask("POST /v1/decode HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                         "999999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(server.get("/v2", "Origin: https://evil.example\r\n"), StartsWith("HTTP/1.1 403"));
}

TEST(Network, serves_others_while_some_are_slow_or_idle) {
  RunningServer server(Json{{"header_timeout_s", 1}, {"max_connections", 60}});
  std::vector<std::unique_ptr<Socket>> slow, idle;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<Socket>(server.port()));
    slow.back()->send("GET / HTTP/1.1\r\nHo");  // and never the rest
  }
  // More than there may be: the longest idle ones give way.
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<Socket>(server.port()));
    ASSERT_TRUE(idle.back()->is_open());
  }
  EXPECT_THAT(server.get("/v2/health/ready"), StartsWith("HTTP/1.1 200"));
  for (const auto& socket : slow) EXPECT_EQ(socket->receive_all(), "");  // their time was over
  EXPECT_THAT(server.get("/v2/health/ready"), StartsWith("HTTP/1.1 200"));
}

TEST(Network, that_ends_answers_what_it_took) {
  auto server = std::make_unique<RunningServer>();
  std::vector<std::unique_ptr<Socket>> clients;
  const std::string body = "{\"signal\": [[1, 2]]}";
  for (int i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<Socket>(server->port()));
    clients.back()->send(
        "POST /v1/decode HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  EXPECT_THAT(clients[0]->receive(12), StartsWith("HTTP/1.1 400"));
  const int port = server->port();
  server->stop();
  server.reset();
  int answered = 0;
  for (std::size_t i = 1; i < clients.size(); ++i)
    answered += clients[i]->receive_all().starts_with("HTTP/1.1 400") ? 1 : 0;
  EXPECT_EQ(answered, 29);
  EXPECT_FALSE(Socket(port).is_open());
}

/// One masked frame of a client.
std::string frame(int opcode, const std::string& content) {
  std::string text;
  text += static_cast<char>(0x80 | opcode);
  if (content.size() < 126) {
    text += static_cast<char>(0x80 | content.size());
  } else {
    text += static_cast<char>(0x80 | 126);
    text += static_cast<char>(content.size() >> 8);
    text += static_cast<char>(content.size() & 255);
  }
  return text + std::string(4, '\0') + content;  // a mask of zeros
}

std::string upgrade(const std::string& more = "") {
  return "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: "
         "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
         "dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}

TEST(Network, speaks_websocket) {
  RunningServer server(Json{{"max_message_kb", 1}});
  Socket socket(server.port());
  socket.send(upgrade("Sec-WebSocket-Protocol: nest.v1\r\n"));
  EXPECT_THAT(socket.receive(100), AllOf(StartsWith("HTTP/1.1 101"), HasSubstr("nest.v1"),
                                         HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
  socket.send(frame(1, R"({"type": "start"})"));
  EXPECT_THAT(socket.receive(20), HasSubstr("\"ready\""));
  socket.send(frame(2, std::string(64 * 24, '\0')));  // larger than a message may be
  EXPECT_THAT(socket.receive_all(), testing::Not(HasSubstr("partial")));
  EXPECT_THAT(server.ask(upgrade() + frame(1, "{}")), StartsWith("HTTP/1.1 400"));  // too early
  EXPECT_THAT(server.ask(upgrade("Origin: https://evil.example\r\n")), StartsWith("HTTP/1.1 403"));
}

TEST(Network, forgets_what_left) {
  RunningServer server;
  for (int i = 0; i < 1000; ++i) {
    Socket socket(server.port());
    if (i % 2 == 0) socket.send(upgrade());
  }
  // Every one of them was accepted before this one.
  std::string metrics;
  do {
    metrics = server.get("/metrics");
  } while (metrics.find("nest_connections 1\n") == std::string::npos);
  EXPECT_THAT(metrics, HasSubstr("nest_streams 0\n"));
}

TEST(Server, refuses_settings_that_are_not_safe) {
  EXPECT_THROW(Server(config_with({{"host", "0.0.0.0"}}), {toy::package_folder()}), Error);
  EXPECT_THROW(Server(config_with({{"port", 0}}), {}), Error);
  RunningServer server;
  EXPECT_THROW(Server(config_with({{"port", server.port()}}), {toy::package_folder()}), Error);
}

}  // namespace
}  // namespace nest::serve
