// The messages of a stream's client: a letter ("t" text, "b" binary, "x" the connection breaks and
// another one comes), two bytes of length, little-endian, the content. "SESSION" in a text stands
// for the stream that the server named last.
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "nest/core/json.h"
#include "served.h"

namespace {

namespace serve = nest::serve;

class Client {
 public:
  explicit Client(serve::Router& router) : router_(router) { connect(); }
  ~Client() { peer_->on_closed(); }

  void reconnect() {
    peer_->on_closed();
    connect();
  }
  void say(bool is_text, std::string content) {
    constexpr std::string_view kSession = "SESSION";
    const std::size_t at = is_text ? content.find(kSession) : std::string::npos;
    if (at != std::string::npos) content.replace(at, kSession.size(), session_);
    std::unique_lock lock(mutex_);
    is_taken_ = false;
    peer_->on_message(is_text, std::move(content), [this] {
      const std::scoped_lock inner(mutex_);
      is_taken_ = true;
      wake_.notify_one();
    });
    wake_.wait(lock, [this] { return is_taken_; });
  }

 private:
  void connect() {
    serve::Request request;
    request.method = "GET";
    request.path = "/v1/stream";
    request.headers["host"] = "localhost";
    auto opened = router_.open(
        request, {[this](const std::string& text) { hear(text); }, [](const std::string&) {}});
    peer_ = std::move(std::get<std::unique_ptr<serve::Peer>>(opened));
  }
  /// Every event is strict JSON.
  void hear(const std::string& text) {
    const nest::Json event = nest::Json::parse(text);
    if (event.contains("session")) session_ = event.at("session").get<std::string>();
  }

  serve::Router& router_;
  std::unique_ptr<serve::Peer> peer_;
  std::string session_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_taken_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nest::fuzz::Served& served = nest::fuzz::Served::instance();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  {
    Client client(served.router);
    while (rest.size() >= 3) {
      const char kind = rest[0];
      const std::size_t length = static_cast<unsigned char>(rest[1]) +
                                 256 * std::size_t{static_cast<unsigned char>(rest[2])};
      const std::string_view content = rest.substr(3, length);
      rest.remove_prefix(3 + content.size());
      kind == 'x' ? client.reconnect() : client.say(kind == 't', std::string(content));
    }
  }
  served.settle();
  return 0;
}
