#include "serve/infer_request.h"

#include <algorithm>
#include <numeric>

namespace nest::serve {
namespace {

constexpr const char* kSignal = "signal";
constexpr const char* kText = "text";
constexpr const char* kConfidence = "confidence";
constexpr std::int64_t kMostSignals = 1024;

const Json& list_of(const Json& json, const char* key) {
  static const Json kNone = Json::array();
  if (!json.contains(key)) return kNone;
  if (!json.at(key).is_array()) refuse(key, fmt::format("{} is no list", key));
  return json.at(key);
}

bool flag_of(const Json& json, const char* key, bool fallback) {
  if (!json.is_object() || !json.contains("parameters")) return fallback;
  const Json& parameters = json.at("parameters");
  if (!parameters.is_object() || !parameters.contains(key)) return fallback;
  if (!parameters.at(key).is_boolean()) refuse(key, fmt::format("{} is no boolean", key));
  return parameters.at(key).get<bool>();
}

std::vector<InferRequest::Output> outputs_of(const Json& json, const ServedModel& model) {
  const std::vector<std::string> known{kText, kConfidence, model.emissions_name()};
  const bool is_binary = flag_of(json, "binary_data_output", false);
  std::vector<InferRequest::Output> outputs;
  for (const Json& output : list_of(json, "outputs")) {
    if (!output.is_object() || !output.contains("name") || !output.at("name").is_string())
      refuse("outputs", "every output needs a name");
    const std::string name = output.at("name").get<std::string>();
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse("outputs", fmt::format("unexpected inference output '{}' for model '{}'; there are {}",
                                    name, model.name(), fmt::join(known, ", ")));
    outputs.push_back({name, flag_of(output, "binary_data", is_binary)});
  }
  if (outputs.empty())
    for (const std::string& name : known) outputs.push_back({name, is_binary});
  return outputs;
}

/// [B, C, T] or [C, T] as signals of their own.
std::vector<Tensor> signals_of(const Tensor& tensor) {
  const bool is_one = tensor.rank() == 2;
  if (!is_one && tensor.rank() != 3)
    refuse(kSignal, fmt::format("input 'signal' has shape {}; [batch, channels, samples] is needed",
                                to_string(tensor.shape())));
  const std::int64_t count = is_one ? 1 : tensor.dim(0);
  if (count < 1 || count > kMostSignals || tensor.numel() == 0)
    refuse(kSignal, fmt::format("input 'signal' holds {} signals; 1 to {} that are not empty are "
                                "taken",
                                tensor.numel() == 0 ? 0 : count, kMostSignals));
  std::vector<Tensor> signals;
  const Shape shape{tensor.dim(-2), tensor.dim(-1)};
  const auto step = static_cast<std::size_t>(shape[0] * shape[1]);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t at = static_cast<std::size_t>(i) * step;
    signals.push_back(tensor.dtype() == DType::kF32
                          ? Tensor::from<float>(shape, tensor.data<float>().subspan(at, step))
                          : Tensor::from<double>(shape, tensor.data<double>().subspan(at, step)));
  }
  return signals;
}

float confidence_of(const decode::Recognition& recognition) {
  const auto& all = recognition.confidences;
  if (all.empty()) return 0;
  return std::accumulate(all.begin(), all.end(), 0.0f) / static_cast<float>(all.size());
}

InferOutput emissions_of(const InferenceAnswer& answer, const InferRequest::Output& output) {
  const Shape& first = answer.results.front().emissions.shape();
  InferOutput made{output.name, "FP32", {static_cast<std::int64_t>(answer.results.size())},
                   {},          {},     output.is_binary};
  made.shape.insert(made.shape.end(), first.begin(), first.end());
  for (const recognize::EmissionResult& result : answer.results) {
    const auto values = result.emissions.data<float>();
    made.numbers.insert(made.numbers.end(), values.begin(), values.end());
  }
  return made;
}

InferOutput output_of(const InferenceAnswer& answer, const InferRequest::Output& output) {
  const auto count = static_cast<std::int64_t>(answer.results.size());
  if (output.name != kText && output.name != kConfidence) return emissions_of(answer, output);
  const bool is_text = output.name == kText;
  InferOutput made{output.name, is_text ? "BYTES" : "FP32", {count}, {}, {}, output.is_binary};
  for (const recognize::EmissionResult& result : answer.results) {
    if (is_text) made.texts.push_back(result.recognition.text);
    if (!is_text) made.numbers.push_back(confidence_of(result.recognition));
  }
  return made;
}

}  // namespace

bool InferRequest::wants_text() const {
  return std::any_of(outputs.begin(), outputs.end(), [](const Output& output) {
    return output.name == kText || output.name == kConfidence;
  });
}

InferRequest parse_infer_request(const Request& request, const ServedModel& model) {
  InferBody body =
      parse_infer_body(request.body, request.header("inference-header-content-length"));
  InferRequest parsed;
  parsed.id = body.json.value("id", Json());
  if (!parsed.id.is_null() && !parsed.id.is_string()) refuse("id", "id is no text");
  const Json& inputs = list_of(body.json, "inputs");
  if (inputs.size() != 1)
    refuse("inputs", fmt::format("expected 1 inputs but got {} inputs for model '{}'",
                                 inputs.size(), model.name()));
  const Json& input = inputs.front();
  const Tensor tensor = parse_input(input, body.binary);
  if (input.at("name") != kSignal)
    refuse("inputs", fmt::format("unexpected inference input for model '{}'; it takes 'signal'",
                                 model.name()));
  if (!body.binary.empty())
    refuse("body", fmt::format("{} bytes follow the last input", body.binary.size()));
  parsed.signals = signals_of(tensor);
  parsed.source =
      source_of(body.json.value("parameters", Json::object()), model.contract(), tensor.dim(-2));
  parsed.outputs = outputs_of(body.json, model);
  return parsed;
}

Response infer_response(const InferRequest& request, const InferenceAnswer& answer) {
  try {
    if (answer.error != nullptr) std::rethrow_exception(answer.error);
    Json header{{"model_name", answer.model->name()}, {"model_version", answer.model->version()}};
    if (!request.id.is_null()) header["id"] = request.id;
    std::vector<InferOutput> outputs;
    for (const InferRequest::Output& output : request.outputs)
      outputs.push_back(output_of(answer, output));
    std::size_t header_length = 0;
    Response response;
    response.body = infer_answer(std::move(header), outputs, header_length);
    if (header_length > 0) {
      response.content_type = "application/octet-stream";
      response.headers.emplace_back("Inference-Header-Content-Length",
                                    std::to_string(header_length));
    }
    return response;
  } catch (const std::exception& error) {
    return error_response(error);
  }
}

}  // namespace nest::serve
