#include "serve/v2.h"

#include <fmt/ranges.h>

#include "nest/core/log.h"
#include "serve/infer_request.h"
#include "serve/inference.h"

namespace nest::serve {
namespace {

Response method_not_allowed(const char* allowed) {
  Response response = error_response(405, fmt::format("use {}", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

Json tensor_json(const char* name, const char* datatype, Json shape) {
  return {{"name", name}, {"datatype", datatype}, {"shape", std::move(shape)}};
}

Json outputs_json(const ServedModel& model) {
  return Json::array(
      {tensor_json("text", "BYTES", {-1}), tensor_json("confidence", "FP32", {-1}),
       tensor_json(model.emissions_name().c_str(), "FP32", {-1, -1, model.emissions_width()})});
}

std::int64_t rows_of(const ServedModel& model) {
  return contract::source_of(model.contract()).num_channels();
}

/// "m" or "m", "versions", "1" in front of what is asked for. Errors: RequestError 404.
std::size_t skip_version(const ServedModel& model, const std::vector<std::string>& path) {
  if (path.size() < 3 || path[1] != "versions") return 1;
  if (path[2] != model.version())
    throw RequestError(404, "version",
                       fmt::format("Request for unknown model: '{}' version {} is not found",
                                   model.name(), path[2]));
  return 3;
}

}  // namespace

void V2::handle(const Request& request, const std::vector<std::string>& path, bool is_ready,
                const Respond& respond) {
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (path.empty())
    return respond(is_get ? json_response({{"name", "nest"},
                                           {"version", NEST_VERSION},
                                           {"extensions",
                                            {"binary_tensor_data", "model_configuration",
                                             "model_repository", "statistics"}}})
                          : method_not_allowed("GET"));
  if (path[0] == "health" && path.size() == 2) {
    if (path[1] == "live") return respond(json_response({{"live", true}}));
    if (path[1] == "ready")
      return respond(json_response({{"ready", is_ready}}, is_ready ? 200 : 503));
  }
  if (path[0] == "models" && path.size() >= 2)
    return handle_model(request, {path.begin() + 1, path.end()}, respond);
  if (path[0] == "repository") return repository(request, {path.begin() + 1, path.end()}, respond);
  respond(error_response(404, "no such route"));
}

void V2::handle_model(const Request& request, const std::vector<std::string>& path,
                      const Respond& respond) {
  const bool asks_state = path.size() > 1 && (path.back() == "ready" || path.back() == "stats");
  std::shared_ptr<ServedModel> model;
  std::size_t at = 0;
  try {
    model = models_.find(path[0]);
    at = skip_version(*model, path);
  } catch (const RequestError& error) {
    // Triton answers 400 here and 404 elsewhere.
    return respond(asks_state ? error_response(400, error.message(), error.field())
                              : error_response(error));
  }
  const std::string what = at < path.size() ? path[at] : "";
  if (at + 1 < path.size()) return respond(error_response(404, "no such route"));
  if (what == "infer")
    return request.method == "POST" ? infer(request, path[0], respond)
                                    : respond(method_not_allowed("POST"));
  if (request.method != "GET" && request.method != "HEAD")
    return respond(method_not_allowed("GET"));
  if (what.empty()) return respond(model_metadata(*model));
  if (what == "ready") return respond(json_response({{"name", model->name()}, {"ready", true}}));
  if (what == "config") return respond(model_config(*model));
  if (what == "stats") return respond(statistics(*model));
  respond(error_response(404, "no such route"));
}

Response V2::model_metadata(const ServedModel& model) const {
  return json_response(
      {{"name", model.name()},
       {"versions", {model.version()}},
       {"platform", "nest"},
       {"inputs", Json::array({tensor_json("signal", "FP32", {-1, rows_of(model), -1})})},
       {"outputs", outputs_json(model)},
       {"parameters",
        {{"rate_hz", model.contract().rate_hz},
         {"unit", model.contract().unit},
         {"channels", fmt::format("{}", fmt::join(model.contract().channels, ","))}}}});
}

Response V2::model_config(const ServedModel& model) const {
  const auto named = [](const char* name, const char* type, Json dims) {
    return Json{{"name", name}, {"data_type", type}, {"dims", std::move(dims)}};
  };
  return json_response(
      {{"name", model.name()},
       {"platform", "nest"},
       {"backend", "nest"},
       {"max_batch_size", 0},
       {"input", Json::array({named("signal", "TYPE_FP32", {-1, rows_of(model), -1})})},
       {"output",
        Json::array({named("text", "TYPE_STRING", {-1}), named("confidence", "TYPE_FP32", {-1}),
                     named(model.emissions_name().c_str(), "TYPE_FP32",
                           {-1, -1, model.emissions_width()})})}});
}

Response V2::statistics(const ServedModel& model) const {
  const recognize::BatchFigures figures = model.figures();
  const auto duration = [](std::uint64_t count, double seconds) {
    return Json{{"count", count}, {"ns", static_cast<std::uint64_t>(seconds * 1e9)}};
  };
  const auto stage = [&](double seconds) { return duration(figures.done, seconds); };
  // perf_analyzer takes a version whose queue does not count for one that is not used, and wants
  // the stages of a request counted together. Making the answer is not timed.
  const Json times{{"success", stage(model.record().seconds)},
                   {"fail", duration(figures.failed, 0)},
                   {"queue", stage(model.wait_seconds().sum())},
                   {"compute_input", stage(model.prepare_seconds().sum())},
                   {"compute_infer", stage(model.model_seconds().sum())},
                   {"compute_output", stage(0)}};
  return json_response({{"model_stats", Json::array({{{"name", model.name()},
                                                      {"version", model.version()},
                                                      {"inference_count", figures.done},
                                                      {"execution_count", figures.batches},
                                                      {"inference_stats", times}}})}});
}

Response V2::index() const {
  Json list = Json::array();
  for (const auto& model : models_.all())
    list.push_back({{"name", model->name()}, {"version", model->version()}, {"state", "READY"}});
  return json_response(list);
}

void V2::repository(const Request& request, const std::vector<std::string>& path,
                    const Respond& respond) {
  if (request.method != "POST") return respond(method_not_allowed("POST"));
  if (path.size() == 1 && path[0] == "index") return respond(index());
  if (path.size() == 3 && path[0] == "models" && path[2] == "unload")
    return respond(error_response(400, "models are served until the server ends", "model"));
  if (path.size() != 3 || path[0] != "models" || path[2] != "load")
    return respond(error_response(404, "no such route"));
  const bool is_taken = pool_.post([this, name = path[1], respond] {
    try {
      models_.reload(name);
      respond({.status = 200});
    } catch (const RequestError& error) {
      respond(error_response(error));
    } catch (const Error& error) {
      // The operator's own paths may be in the message; it is for the log.
      log_error("model '{}' stays as it is: {}", name, error.what());
      respond(
          error_response(400, "the package could not be loaded; the old one is served", "model"));
    }
  });
  if (!is_taken) respond(error_response(503, "too many requests wait"));
}

void V2::infer(const Request& request, const std::string& name, const Respond& respond) {
  auto shared = std::make_shared<Request>(request);
  const bool is_taken = pool_.post([this, shared, name, respond] {
    try {
      const std::shared_ptr<ServedModel> model = models_.pick(name);
      InferRequest parsed = parse_infer_request(*shared, *model);
      const auto wanted = std::make_shared<const InferRequest>(std::move(parsed));
      serve::infer(
          models_, model, wanted->signals, wanted->source, wanted->wants_text(),
          [wanted, respond](InferenceAnswer answer) { respond(infer_response(*wanted, answer)); });
    } catch (const std::exception& error) {
      respond(error_response(error));
    }
  });
  if (!is_taken) respond(error_response(503, "too many requests wait"));
}

}  // namespace nest::serve
