// What routes are made of: messages, figures, who may ask.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/file.h"
#include "serve/access.h"
#include "serve/metrics.h"
#include "serve/tensors.h"
#include "serve/work_pool.h"
#include "tests/support/temp_dir.h"

namespace nest::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Target, is_split_and_decoded) {
  Request request;
  ASSERT_TRUE(parse_target("/v1/models/a%20b?x=1&y=a+b%26&z", request));
  EXPECT_EQ(request.path, "/v1/models/a b");
  EXPECT_EQ(request.query_of("y"), "a b&");
  EXPECT_EQ(request.query_of("z"), "");
  EXPECT_EQ(request.query_of("none"), "");
  EXPECT_THAT(segments_of("//v1///m/"), ElementsAre("v1", "m"));
  for (const char* target : {"", "x", "*", "/%", "/%2", "/%zz", "/a%00b", "/?a=%1"}) {
    Request bad;
    EXPECT_FALSE(parse_target(target, bad)) << target;
  }
}

TEST(ErrorResponse, says_nothing_of_this_machine) {
  const Error io(ErrorCode::kIo, "/secret/model: cannot open");
  EXPECT_THAT(error_response(io).body, testing::Not(HasSubstr("secret")));
  EXPECT_EQ(error_response(io).status, 500);
  EXPECT_EQ(error_response(std::runtime_error("/secret")).status, 500);
  EXPECT_EQ(error_response(std::bad_alloc()).status, 503);
  EXPECT_EQ(error_response(RequestError(413, "body", "large")).status, 413);
}

TEST(Metrics, are_written_as_prometheus_reads_them) {
  Metrics metrics;
  metrics.counter("a_total", "Things", {{"kind", "x\"y\\z\n"}}).add(3);
  metrics.counter("a_total", "Things", {{"kind", "x\"y\\z\n"}}).add();
  Histogram& seconds = metrics.histogram("b_seconds", "Times", {{"m", "1"}}, {0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 7.0}) seconds.record(value);
  metrics.gauge("c", "Level", {}, [&metrics] {
    metrics.counter("a_total", "Things", {});  // a value may look something up
    return 1.5;
  });
  EXPECT_EQ(metrics.text(),
            "# HELP a_total Things\n# TYPE a_total counter\n"
            "a_total 0\n"
            "a_total{kind=\"x\\\"y\\\\z\\n\"} 4\n"
            "# HELP b_seconds Times\n# TYPE b_seconds histogram\n"
            "b_seconds_bucket{m=\"1\",le=\"0.1\"} 2\n"
            "b_seconds_bucket{m=\"1\",le=\"1\"} 3\n"
            "b_seconds_bucket{m=\"1\",le=\"+Inf\"} 4\n"
            "b_seconds_sum{m=\"1\"} 7.65\n"
            "b_seconds_count{m=\"1\"} 4\n"
            "# HELP c Level\n# TYPE c gauge\nc 1.5\n");
}

package::ServerSettings with_token(const test::TempDir& dir, const std::string& token) {
  write_text_file(dir / "token", token + "\n");
  package::ServerSettings settings;
  settings.token_file = (dir / "token").string();
  return settings;
}

Request request_to(const std::string& path, StringMap<std::string> headers) {
  Request request;
  request.method = "GET";
  request.path = path;
  request.headers = std::move(headers);
  request.peer = "10.0.0.1";
  return request;
}

int status_of(Access& access, const Request& request) {
  const auto refusal = access.refuse(request);
  return refusal ? refusal->status : 200;
}

TEST(Access, beyond_loopback_needs_a_token) {
  package::ServerSettings settings;
  settings.host = "0.0.0.0";
  EXPECT_THROW(Access{settings}, Error);
  const test::TempDir dir;
  EXPECT_THROW(Access{with_token(dir, "short")}, Error);
  settings = with_token(dir, "0123456789abcdef");
  settings.host = "0.0.0.0";
  Access access(settings);
  EXPECT_EQ(status_of(access, request_to("/v2", {})), 401);
  EXPECT_EQ(status_of(access, request_to("/v2", {{"authorization", "Bearer wrong"}})), 401);
  EXPECT_EQ(status_of(access, request_to("/v2", {{"authorization", "0123456789abcdef"}})), 401);
  EXPECT_EQ(status_of(access, request_to("/v2", {{"authorization", "Bearer 0123456789abcdef"}})),
            200);
  EXPECT_EQ(status_of(access, request_to("/v1/stream", {{"sec-websocket-protocol",
                                                         "nest.v1, bearer.0123456789abcdef"}})),
            200);
  for (const char* path : {"/", "/v2/health/live", "/v2/health/ready"})
    EXPECT_EQ(status_of(access, request_to(path, {})), 200) << path;
  EXPECT_EQ(status_of(access, request_to("/metrics", {})), 401);
}

TEST(Access, without_a_token_is_for_this_machine_alone) {
  Access access{package::ServerSettings{}};
  const auto status = [&](const std::string& host, const std::string& origin) {
    StringMap<std::string> headers{{"host", host}};
    if (!origin.empty()) headers["origin"] = origin;
    return status_of(access, request_to("/v2", headers));
  };
  EXPECT_EQ(status("localhost:8000", ""), 200);
  EXPECT_EQ(status("127.0.0.1:8000", "http://127.0.0.1:8000"), 200);
  EXPECT_EQ(status("[::1]:8000", ""), 200);
  EXPECT_EQ(status("evil.example:8000", ""), 403);  // a name that was pointed at this machine
  EXPECT_EQ(status("127.0.0.1.evil.example", ""), 403);
  EXPECT_EQ(status("", ""), 403);
  EXPECT_EQ(status("localhost:8000", "https://evil.example"), 403);
  EXPECT_EQ(status("localhost:8000", "null"), 403);
}

TEST(Access, limits_the_requests_of_one_address) {
  package::ServerSettings settings;
  settings.max_requests_per_s = 2;
  auto now = std::chrono::steady_clock::time_point{};
  Access access(settings, [&] { return now; });
  const auto status = [&](const std::string& peer) {
    Request request = request_to("/v2", {{"host", "localhost"}});
    request.peer = peer;
    return status_of(access, request);
  };
  EXPECT_EQ(status("a"), 200);
  EXPECT_EQ(status("a"), 200);
  EXPECT_EQ(status("a"), 429);
  EXPECT_EQ(status("b"), 200);
  now += std::chrono::milliseconds(600);
  EXPECT_EQ(status("a"), 200);
  EXPECT_EQ(status("a"), 429);
}

TEST(EveryNumberType, of_an_input_is_read) {
  const auto value_of = [](const char* datatype, auto number) {
    const Json input{{"name", "x"},
                     {"datatype", datatype},
                     {"shape", {1}},
                     {"parameters", {{"binary_data_size", sizeof number}}}};
    std::span<const std::byte> bytes = std::as_bytes(std::span(&number, 1));
    const Tensor tensor = parse_input(input, bytes).to(DType::kF64);
    EXPECT_TRUE(bytes.empty());
    return tensor.data<double>()[0];
  };
  EXPECT_EQ(value_of("FP32", 1.5f), 1.5);
  EXPECT_EQ(value_of("FP64", -2.25), -2.25);
  EXPECT_EQ(value_of("FP16", std::uint16_t{0x3e00}), 1.5);
  EXPECT_EQ(value_of("INT8", std::int8_t{-3}), -3);
  EXPECT_EQ(value_of("INT16", std::int16_t{-300}), -300);
  EXPECT_EQ(value_of("INT32", std::int32_t{-70000}), -70000);
  EXPECT_EQ(value_of("INT64", std::int64_t{1} << 40), 1099511627776.0);
  EXPECT_EQ(value_of("UINT8", std::uint8_t{200}), 200);
  EXPECT_EQ(value_of("UINT16", std::uint16_t{60000}), 60000);
  EXPECT_EQ(value_of("UINT32", std::uint32_t{4000000000u}), 4e9);
}

TEST(WorkPool, runs_what_it_took_before_it_ends) {
  std::atomic<int> ran{0};
  WorkPool pool(2, 1000);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.post([&] { ++ran; }));
  pool.drain();
  EXPECT_EQ(ran, 500);
  EXPECT_FALSE(pool.post([] {}));
  EXPECT_FALSE(pool.post_admitted([] {}));
}

}  // namespace
}  // namespace nest::serve
