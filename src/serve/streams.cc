#include "serve/streams.h"

#include <algorithm>
#include <vector>

#include <sys/random.h>

#include "nest/core/json_text.h"
#include "nest/core/log.h"

namespace nest::serve {

/// One connection of a stream's client.
class StreamPeer final : public Peer, public std::enable_shared_from_this<StreamPeer> {
 public:
  StreamPeer(Streams& streams, PeerSink sink, std::string model)
      : streams_(streams), sink_(std::move(sink)), model_(std::move(model)) {}

  void on_message(bool is_text, std::string content, std::function<void()> done) override {
    const double arrival_s = state_ == nullptr ? 0 : state_->now_s();
    auto task = [self = shared_from_this(), is_text, arrival_s, content = std::move(content),
                 done]() {
      self->take(is_text, content, arrival_s);
      done();
    };
    if (streams_.pool_.post_admitted(std::move(task))) return;
    close("the server ends");
    done();
  }

  void on_closed() override {
    // After the message that is being taken, if any.
    const auto self = shared_from_this();
    if (!streams_.pool_.post_admitted([self] { self->leave(); })) leave();
  }

 private:
  void take(bool is_text, const std::string& content, double arrival_s) {
    try {
      if (!is_text) return take_samples(content, arrival_s);
      const Json message = Json::parse(content, nullptr, false);
      if (!message.is_object() || !message.contains("type") || !message.at("type").is_string())
        refuse("type", "a message is a JSON object with a type");
      take_message(message.at("type").get<std::string>(), message);
    } catch (const RequestError& error) {
      reject(error.message(), error.field());
    } catch (const Error& error) {
      reject(error.message(), "");
    } catch (const std::exception&) {
      reject("the message could not be used", "");
    }
  }

  void take_samples(const std::string& content, double arrival_s) {
    if (state_ == nullptr) refuse("type", "samples come after {\"type\": \"start\"}");
    if (state_->is_finished()) refuse("samples", "the stream has ended");
    state_->push(std::as_bytes(std::span(content)), arrival_s);
  }

  void take_message(const std::string& type, const Json& message) {
    if (type == "start" || type == "resume") return begin(type == "resume", message);
    if (state_ == nullptr) refuse("type", "the first message is start or resume");
    if (type == "gap") return take_gap(message);
    if (type != "end") refuse("type", fmt::format("no message is called '{}'", type));
    state_->finish();
    streams_.forget(state_->id());
    close("");
  }

  void take_gap(const Json& message) {
    const Json lost = message.value("lost", Json());
    if (!lost.is_number_unsigned() || lost.get<std::uint64_t>() > 1'000'000'000)
      refuse("lost", "lost is no number of samples");
    state_->lose(lost.get<std::int64_t>());
  }

  void begin(bool is_resumed, const Json& message) {
    if (state_ != nullptr) refuse("type", "the stream has begun");
    const Json seq = message.value("seq", Json());
    state_ = is_resumed ? streams_.resume(message) : streams_.start(message, model_);
    Json ready = state_->ready_json();
    if (is_resumed) ready["type"] = "resumed";
    ready["samples"] = state_->samples();
    ready["resume_s"] = streams_.settings_.resume_s;
    sink_.send(json_text(ready));
    state_->attach([send = sink_.send](std::string text) { send(std::move(text)); },
                   seq.is_number_unsigned() ? seq.get<std::uint64_t>() : 0);
  }

  void reject(std::string_view message, std::string_view field) {
    Json event{{"type", "error"}, {"message", message}};
    if (!field.empty()) event["field"] = field;
    sink_.send(json_text(event));
    if (state_ != nullptr) {
      state_->detach();
      streams_.forget(state_->id());
    }
    close(std::string(message));
  }

  void leave() {
    if (state_ != nullptr) state_->detach();
  }

  void close(std::string reason) { sink_.close(std::move(reason)); }

  Streams& streams_;
  PeerSink sink_;
  std::string model_;
  std::shared_ptr<StreamState> state_;
};

namespace {

/// A stream that is being made counts until it is among the others.
struct Starting {
  std::mutex& mutex;
  std::size_t& count;
  ~Starting() {
    const std::scoped_lock lock(mutex);
    --count;
  }
};

/// Keeps a peer alive as long as its work.
class PeerHandle final : public Peer {
 public:
  explicit PeerHandle(std::shared_ptr<StreamPeer> peer) : peer_(std::move(peer)) {}
  void on_message(bool is_text, std::string content, std::function<void()> done) override {
    peer_->on_message(is_text, std::move(content), std::move(done));
  }
  void on_closed() override { peer_->on_closed(); }

 private:
  std::shared_ptr<StreamPeer> peer_;
};

}  // namespace

std::string random_id() {
  unsigned char bytes[16];
  require(::getrandom(bytes, sizeof bytes, 0) == sizeof bytes, ErrorCode::kIo,
          "the system gives no random numbers");
  std::string id;
  for (const unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

Streams::Streams(Models& models, WorkPool& pool, const package::ServerSettings& settings,
                 Metrics& metrics)
    : models_(models), pool_(pool), settings_(settings), metrics_(metrics) {
  metrics.gauge("nest_streams", "Streams, those that wait for their client included", {}, [this] {
    const std::scoped_lock lock(mutex_);
    return static_cast<double>(states_.size());
  });
}

std::variant<std::unique_ptr<Peer>, Response> Streams::open(const Request& request, PeerSink sink) {
  const std::scoped_lock lock(mutex_);
  if (is_draining_) return error_response(503, "the server ends");
  return std::make_unique<PeerHandle>(
      std::make_shared<StreamPeer>(*this, std::move(sink), std::string(request.query_of("model"))));
}

std::shared_ptr<StreamState> Streams::start(const Json& message, const std::string& model) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_draining_) throw RequestError(503, "type", "the server ends");
    if (states_.size() + starting_ >= static_cast<std::size_t>(settings_.max_sessions))
      throw RequestError(503, "type",
                         fmt::format("{} streams run, which is the limit; try again later",
                                     settings_.max_sessions));
    ++starting_;
  }
  const Starting guard{mutex_, starting_};
  const Json named = message.value("model", Json());
  if (!named.is_null() && !named.is_string()) refuse("model", "model is no text");
  const auto served = models_.find(named.is_string() ? named.get<std::string>() : model);
  auto state = std::make_shared<StreamState>(
      random_id(), served, parse_start(message, *served, settings_.deadline_ms), metrics_);
  add(state);
  return state;
}

void Streams::add(const std::shared_ptr<StreamState>& state) {
  const std::scoped_lock lock(mutex_);
  states_[state->id()] = state;
}

std::shared_ptr<StreamState> Streams::resume(const Json& message) {
  const Json id = message.value("session", Json());
  const std::scoped_lock lock(mutex_);
  const auto found = states_.find(id.is_string() ? id.get<std::string>() : "");
  if (found == states_.end())
    throw RequestError(404, "session", "there is no such stream any more; start a new one");
  if (!found->second->claim()) throw RequestError(409, "session", "the stream has a client");
  metrics_.resumed.add();
  return found->second;
}

void Streams::forget(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  states_.erase(id);
}

void Streams::tick() {
  std::vector<std::shared_ptr<StreamState>> gone;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, state] : states_) {
    const bool is_left = !state->is_attached() && state->detached_s() > settings_.resume_s;
    if (is_left || state->age_s() > settings_.session_limit_s) gone.push_back(state);
  }
  for (const auto& state : gone) {
    if (state->is_attached()) state->send_fault("limit", "the stream is as old as one may become");
    states_.erase(state->id());
  }
}

std::size_t Streams::attached() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(states_.begin(), states_.end(),
                    [](const auto& entry) { return entry.second->is_attached(); }));
}

void Streams::drain() {
  const std::scoped_lock lock(mutex_);
  is_draining_ = true;
  for (const auto& [id, state] : states_)
    if (state->is_attached()) state->send_fault("drain", "the server ends; come back elsewhere");
}

}  // namespace nest::serve
