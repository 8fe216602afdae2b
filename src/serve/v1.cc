#include "serve/v1.h"

#include <algorithm>

#include "nest/text/tokenizer.h"
#include "serve/inference.h"
#include "serve/signal_body.h"

namespace nest::serve {
namespace {

struct DecodeRequest {
  std::string model;
  std::size_t nbest = 1;
  SentSignal sent;
};

std::size_t nbest_of(const Json& value) {
  if (value.is_null()) return 1;
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1)
    refuse("nbest", "nbest is no whole number above 0");
  return value.get<std::size_t>();
}

bool is_json(const Request& request) {
  return request.header("content-type").starts_with("application/json");
}

Json parse_body(const Request& request) {
  Json json = Json::parse(request.body, nullptr, false);
  if (!json.is_object()) refuse("body", "the body is no JSON object");
  return json;
}

/// A signal as a client may send it to a stream; a page shows no more of it than this.
Json signal_json(const Tensor& samples, const contract::SourceInfo& source) {
  constexpr double kMost_s = 300;
  const auto count = static_cast<std::size_t>(samples.dim(1));
  const auto shown = std::min(count, static_cast<std::size_t>(kMost_s * source.rate_hz));
  Json channels = Json::array(), signal = Json::array();
  for (std::size_t c = 0; c < source.channels.size(); ++c) {
    channels.push_back(source.channels[c].name);
    const auto row = samples.data<double>().subspan(c * count, shown);
    signal.push_back(std::vector<float>(row.begin(), row.end()));
  }
  return {{"rate_hz", source.rate_hz},
          {"unit", source.channels.front().unit},
          {"channels", std::move(channels)},
          {"signal", std::move(signal)}};
}

Json text_or_null(const Json& json, const char* key) {
  const Json value = json.value(key, Json());
  if (!value.is_null() && !value.is_string()) refuse(key, fmt::format("{} is no text", key));
  return value;
}

}  // namespace

Json recognition_json(const decode::Recognition& recognition, const text::Tokenizer* tokenizer,
                      std::size_t nbest) {
  Json tokens = Json::array();
  for (std::size_t i = 0; i < recognition.tokens.size(); ++i) {
    const decode::TokenId id = recognition.tokens[i];
    Json token{{"text", decode::text_of(std::span(&id, 1), tokenizer)}};
    if (i < recognition.times.size()) {
      token["start_s"] = recognition.times[i].start_s;
      token["end_s"] = recognition.times[i].end_s;
    }
    if (i < recognition.confidences.size()) token["confidence"] = recognition.confidences[i];
    tokens.push_back(std::move(token));
  }
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(nbest, recognition.nbest.size()); ++i)
    list.push_back({{"text", recognition.nbest_texts[i]}, {"score", recognition.nbest[i].score}});
  return {{"text", recognition.text}, {"tokens", std::move(tokens)}, {"nbest", std::move(list)}};
}

void V1::handle(const Request& request, const std::vector<std::string>& path,
                const Respond& respond) {
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (path.size() == 1 && path[0] == "decode")
    return request.method == "POST" ? decode(request, respond)
                                    : respond(error_response(405, "use POST"));
  if (path.size() == 1 && path[0] == "signal")
    return request.method == "POST" ? send_signal(request, respond)
                                    : respond(error_response(405, "use POST"));
  if (path.empty() || path[0] != "models" || path.size() < 3 || !is_get)
    return respond(error_response(404, "no such route"));
  try {
    const auto model = models_.find(path[1]);
    if (path.size() == 3 && path[2] == "card") return respond(card(*model));
    if (path.size() == 4 && path[2] == "golden") return respond(golden(*model, path[3]));
    respond(error_response(404, "no such route"));
  } catch (const std::exception& error) {
    respond(error_response(error));
  }
}

void V1::decode(const Request& request, const Respond& respond) {
  auto shared = std::make_shared<const Request>(request);
  const bool is_taken = pool_.post([this, shared, respond] {
    try {
      const bool as_json = is_json(*shared);
      const Json body = as_json ? parse_body(*shared) : Json::object();
      const Json named = text_or_null(body, "model");
      const std::string name = as_json && !named.is_null() ? named.get<std::string>()
                                                           : std::string(shared->query_of("model"));
      const auto model = models_.pick(name);
      const std::size_t nbest = nbest_of(body.value("nbest", Json()));
      const SentSignal sent = as_json ? parse_signal(body, model->contract())
                                      : read_recording(*shared, model->contract());
      const double signal_s = static_cast<double>(sent.samples.dim(1)) / model->contract().rate_hz;
      infer(models_, model, {sent.samples}, sent.source, true,
            [respond, nbest, signal_s](InferenceAnswer answer) {
              try {
                if (answer.error != nullptr) std::rethrow_exception(answer.error);
                Json json{{"model", answer.model->name()}, {"version", answer.model->version()}};
                json.update(recognition_json(answer.results[0].recognition,
                                             answer.model->package().bundle().tokenizer.get(),
                                             nbest));
                json["signal_s"] = signal_s;
                respond(json_response(json));
              } catch (const std::exception& error) {
                respond(error_response(error));
              }
            });
    } catch (const std::exception& error) {
      respond(error_response(error));
    }
  });
  if (!is_taken) respond(error_response(503, "too many requests wait"));
}

Response V1::card(const ServedModel& model) const {
  Json json = package::to_json(model.package().manifest());
  json.erase("files");
  json["golden"] = model.package().inputs().size();
  json["id"] = model.package().id();
  return json_response(json);
}

Response V1::golden(const ServedModel& model, const std::string& number) const {
  const auto& inputs = model.package().inputs();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (std::to_string(i) != number) continue;
    Json json = signal_json(inputs[i].to(DType::kF64), contract::source_of(model.contract()));
    json["text"] = model.package().manifest().golden[i].text;
    return json_response(json);
  }
  throw RequestError(404, "golden", fmt::format("there are {} golden inputs", inputs.size()));
}

void V1::send_signal(const Request& request, const Respond& respond) {
  auto shared = std::make_shared<const Request>(request);
  const bool is_taken = pool_.post([this, shared, respond] {
    try {
      const auto model = models_.find(std::string(shared->query_of("model")));
      const SentSignal sent = read_recording(*shared, model->contract());
      model->require_match(sent.source);
      respond(json_response(signal_json(sent.samples, sent.source)));
    } catch (const std::exception& error) {
      respond(error_response(error));
    }
  });
  if (!is_taken) respond(error_response(503, "too many requests wait"));
}

}  // namespace nest::serve
