// Streams without a network: what a client says and hears.
#include <cstring>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/serve/toy_server.h"

namespace nest::serve {
namespace {

using testing::HasSubstr;
using toy::ToyServer;

/// The client's end of a stream.
class Client {
 public:
  explicit Client(Router& router, const std::string& target = "/v1/stream") {
    Request request;
    request.method = "GET";
    EXPECT_TRUE(parse_target(target, request));
    request.headers["host"] = "localhost";
    auto opened = router.open(request, {[this](std::string text) { hear(text); },
                                        [this](std::string why) { close(why); }});
    if (auto* refusal = std::get_if<Response>(&opened)) {
      refused = refusal->status;
    } else {
      peer_ = std::move(std::get<std::unique_ptr<Peer>>(opened));
    }
  }
  ~Client() {
    if (peer_ != nullptr) leave();
  }

  /// Says it and waits until it was taken.
  void say(bool is_text, std::string content) {
    std::promise<void> taken;
    peer_->on_message(is_text, std::move(content), [&] { taken.set_value(); });
    taken.get_future().wait();
  }
  void say(const Json& json) { say(true, json.dump()); }
  void leave() {
    peer_->on_closed();
    peer_.reset();
  }
  /// Golden samples [begin, end) as frames.
  void play(Models& models, std::int64_t begin, std::int64_t end) {
    const auto model = models.find("toy");
    const Tensor& input = model->package().inputs()[0];
    std::string frames;
    for (std::int64_t t = begin; t < end; ++t)
      for (std::int64_t c = 0; c < input.dim(0); ++c) {
        const float value = input.data<float>()[static_cast<std::size_t>(c * input.dim(1) + t)];
        frames.append(reinterpret_cast<const char*>(&value), sizeof value);
      }
    say(false, std::move(frames));
  }

  std::vector<Json> heard(const std::string& type) {
    const std::scoped_lock lock(mutex_);
    std::vector<Json> events;
    for (const Json& event : events_)
      if (event.at("type") == type) events.push_back(event);
    return events;
  }
  std::string committed() {
    const std::scoped_lock lock(mutex_);
    std::string text;
    for (const Json& event : events_) text += event.value("committed", "");
    return text;
  }
  bool is_closed() {
    const std::scoped_lock lock(mutex_);
    return is_closed_;
  }
  int refused = 0;

 private:
  void hear(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(Json::parse(text));
  }
  void close(const std::string&) {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
  }
  std::unique_ptr<Peer> peer_;
  std::mutex mutex_;
  std::vector<Json> events_;
  bool is_closed_ = false;
};

std::int64_t length_of(Models& models) {
  return models.find("toy")->package().inputs()[0].dim(1);
}

/// What one push of the whole signal gives.
std::string whole_text(ToyServer& server) {
  Client client(server.router);
  client.say({{"type", "start"}});
  client.play(server.models, 0, length_of(server.models));
  client.say({{"type", "end"}});
  return client.heard("final").at(0).at("text");
}

TEST(StreamLaw, any_cutting_into_messages_gives_one_text) {
  ToyServer server;
  const std::string text = whole_text(server);
  EXPECT_FALSE(text.empty());
  for (const std::int64_t step : {1, 7, 50}) {
    Client client(server.router);
    client.say({{"type", "start"}, {"rate_hz", 64}, {"unit", "uV"}});
    for (std::int64_t t = 0; t < length_of(server.models); t += step)
      client.play(server.models, t, std::min(t + step, length_of(server.models)));
    client.say({{"type", "end"}});
    EXPECT_EQ(client.heard("final").at(0).at("text"), text) << step;
    EXPECT_EQ(client.committed(), text);
    EXPECT_TRUE(client.is_closed());
  }
}

TEST(Stream, goes_on_where_its_client_comes_back) {
  ToyServer server;
  const std::string text = whole_text(server);
  const std::int64_t half = length_of(server.models) / 2;
  std::string session, early;
  std::uint64_t seq = 0;
  {
    Client client(server.router);
    client.say({{"type", "start"}});
    session = client.heard("ready").at(0).at("session");
    client.play(server.models, 0, half);
    const auto events = client.heard("partial");
    ASSERT_GT(events.size(), 1u);
    early = events[0].at("committed");
    seq = events[0].at("seq");  // the others got lost on the way
  }
  Client client(server.router);
  client.say({{"type", "resume"}, {"session", session}, {"seq", seq}});
  ASSERT_EQ(client.heard("resumed").size(), 1u);
  EXPECT_EQ(client.heard("resumed")[0].at("samples"), half);
  client.play(server.models, half, length_of(server.models));
  client.say({{"type", "end"}});
  EXPECT_EQ(client.heard("final").at(0).at("text"), text);
  EXPECT_EQ(early + client.committed(), text);
}

TEST(Stream, is_told_of_lost_samples) {
  ToyServer server;
  Client client(server.router);
  client.say({{"type", "start"}});
  client.play(server.models, 0, 100);
  client.say({{"type", "gap"}, {"lost", 30}});
  client.play(server.models, 130, 200);
  client.say({{"type", "end"}});
  ASSERT_EQ(client.heard("fault").size(), 1u);
  EXPECT_EQ(client.heard("fault")[0].at("kind"), "lost");
  EXPECT_EQ(client.heard("final").at(0).at("gaps"), 1);
  EXPECT_EQ(client.heard("final").at(0).at("text"), client.committed());
}

TEST(Stream, that_does_not_meet_the_contract_is_refused_by_field) {
  ToyServer server;
  const auto field_of = [&](const Json& start) {
    Client client(server.router);
    client.say(start);
    EXPECT_TRUE(client.is_closed());
    const auto errors = client.heard("error");
    return errors.empty() ? "" : errors[0].value("field", "");
  };
  EXPECT_EQ(field_of({{"type", "start"}, {"rate_hz", 250}}), "rate_hz");
  EXPECT_EQ(field_of({{"type", "start"}, {"unit", 3}}), "unit");
  EXPECT_EQ(field_of({{"type", "start"}, {"channels", {"A"}}}), "channels");
  EXPECT_EQ(field_of({{"type", "start"}, {"hop_s", -1}}), "hop_s");
  EXPECT_EQ(field_of({{"type", "start"}, {"model", "none"}}), "model");
  EXPECT_EQ(field_of({{"type", "resume"}, {"session", "none"}}), "session");
  EXPECT_EQ(field_of({{"type", "gap"}}), "type");
  EXPECT_EQ(field_of({{"what", 1}}), "type");
  EXPECT_EQ(field_of(Json::array()), "type");
}

TEST(Stream, refuses_what_are_no_frames) {
  ToyServer server;
  Client early(server.router);
  early.say(false, "1234");
  EXPECT_TRUE(early.is_closed());
  Client client(server.router);
  client.say({{"type", "start"}});
  client.say(false, "12345");
  EXPECT_EQ(client.heard("error").at(0).at("field"), "samples");
}

TEST(Streams, are_refused_at_their_limit_and_forgotten_in_time) {
  package::DeploymentSettings settings = toy::settings();
  settings.server.max_sessions = 2;
  settings.server.resume_s = 0;
  ToyServer server(settings);
  Client first(server.router), third(server.router);
  first.say({{"type", "start"}});
  {
    Client second(server.router);
    second.say({{"type", "start"}});
    third.say({{"type", "start"}});
    EXPECT_EQ(third.heard("error").size(), 1u);
    EXPECT_THAT(third.heard("error")[0].at("message").get<std::string>(), HasSubstr("limit"));
  }
  server.pool.drain();  // the second one has left
  server.router.tick();
  EXPECT_THAT(server.metrics.text(), HasSubstr("nest_streams 1\n"));
}

TEST(Streams, of_a_server_that_ends_are_refused) {
  ToyServer server;
  Client before(server.router);
  before.say({{"type", "start"}});
  EXPECT_EQ(server.router.running(), 1);
  server.router.drain();
  EXPECT_EQ(before.heard("fault").size(), 1u);
  EXPECT_EQ(Client(server.router).refused, 503);
  before.say({{"type", "end"}});
  EXPECT_EQ(server.router.running(), 0);
  EXPECT_EQ(Client(server.router, "/v1/other").refused, 404);
}

}  // namespace
}  // namespace nest::serve
