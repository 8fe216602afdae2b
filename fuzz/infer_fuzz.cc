// Signals in requests: up to the first line break Inference-Header-Content-Length ("-": not there),
// then the body, read as v2 (JSON and binary tensors) and as JSON of /v1/decode.
#include <cstdint>
#include <string>
#include <string_view>

#include "serve/infer_request.h"
#include "serve/signal_body.h"
#include "served.h"

namespace {

template <class Read>
void check(Read read) {
  try {
    read();
  } catch (const std::exception& error) {
    const nest::serve::Response answer = nest::serve::error_response(error);
    if (answer.status < 400 || answer.status >= 500) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nest;
  static const auto model = fuzz::Served::instance().models.find("toy");
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = std::min(input.find('\n'), input.size());
  serve::Request request;
  const std::string_view length = input.substr(0, split);
  if (length != "-") request.headers["inference-header-content-length"] = std::string(length);
  request.body = std::string(input.substr(std::min(split + 1, input.size())));
  check([&] {
    const serve::InferRequest parsed = serve::parse_infer_request(request, *model);
    for (const Tensor& signal : parsed.signals) model->prepare(signal, parsed.source);
  });
  check([&] {
    const Json json = Json::parse(request.body, nullptr, false);
    const serve::SentSignal sent = serve::parse_signal(json, model->contract());
    model->prepare(sent.samples, sent.source);
  });
  return 0;
}
