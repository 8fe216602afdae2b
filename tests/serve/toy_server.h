#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "nest/contract/source.h"
#include "nest/core/json.h"
#include "serve/router.h"
#include "tests/package/toy_package.h"
#include "tests/support/temp_dir.h"

/// The routes of a server with one small package, without a network.
namespace nest::serve::toy {

/// A package that is written once a process: causal, so that it streams.
inline const std::filesystem::path& package_folder() {
  static const std::filesystem::path folder = [] {
    const auto path = test::process_temp_dir() / "toy";
    graph::Model model = package::toy::model(runtime::kFamilies[4]);
    model.signal.normalization = graph::Normalization::kNone;
    package::ModelPackager(std::move(model)).create_package(path, package::toy::options());
    return path;
  }();
  return folder;
}

inline package::DeploymentSettings settings() {
  package::DeploymentSettings settings;
  settings.inference.beam_size = 2;
  settings.inference.batch_size = 4;
  settings.server.workers = 2;
  return settings;
}

/// An answer that another thread brings.
class Answer {
 public:
  Respond respond() {
    return [this](Response response) {
      const std::scoped_lock lock(mutex_);
      response_ = std::move(response);
      there_.notify_all();
    };
  }
  Response wait() {
    std::unique_lock lock(mutex_);
    there_.wait(lock, [this] { return response_.has_value(); });
    return *response_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::optional<Response> response_;
};

class ToyServer {
 public:
  explicit ToyServer(package::DeploymentSettings with = settings(), CanaryOptions canary = {})
      : settings_(std::move(with)),
        models(settings_, {}, metrics, canary),
        pool(settings_.server.workers, static_cast<std::size_t>(settings_.server.max_queue)),
        router(models, pool, metrics, settings_.server) {
    models.add(package_folder());
  }
  ~ToyServer() {
    pool.drain();
    models.drain();
  }

  Response ask(const std::string& method, const std::string& target, std::string body = "",
               StringMap<std::string> headers = {}) {
    Request request;
    request.method = method;
    EXPECT_TRUE(parse_target(target, request)) << target;
    request.headers = std::move(headers);
    request.headers.try_emplace("host", "127.0.0.1:8000");
    request.body = std::move(body);
    request.id = "1";
    Answer answer;
    router.handle(std::move(request), answer.respond());
    return answer.wait();
  }
  Json ask_json(const std::string& method, const std::string& target, const Json& body,
                int status = 200) {
    const Response response =
        ask(method, target, body.dump(), {{"content-type", "application/json"}});
    EXPECT_EQ(response.status, status) << response.body;
    return Json::parse(response.body, nullptr, false);
  }

 private:
  package::DeploymentSettings settings_;

 public:
  Metrics metrics;
  Models models;
  WorkPool pool;
  Router router;
};

/// The first golden input as rows of numbers.
inline Json golden_rows(Models& models, std::size_t samples = 0) {
  const auto model = models.find("toy");
  const Tensor& input = model->package().inputs()[0];
  const auto count = static_cast<std::size_t>(input.dim(1));
  Json rows = Json::array();
  for (std::int64_t c = 0; c < input.dim(0); ++c) {
    const auto row = input.data<float>().subspan(static_cast<std::size_t>(c) * count,
                                                 samples > 0 ? samples : count);
    rows.push_back(std::vector<float>(row.begin(), row.end()));
  }
  return rows;
}

}  // namespace nest::serve::toy
