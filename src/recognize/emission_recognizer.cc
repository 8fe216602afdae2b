#include "nest/recognize/emission_recognizer.h"

#include <chrono>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/decode/emissions.h"

namespace nest::recognize {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

EmissionRecognizer::EmissionRecognizer(const Bundle& bundle, const RecognizeOptions& options)
    : executor_(bundle.runnable.make_executor()),
      tokenizer_(bundle.tokenizer),
      search_(*executor_),
      frame_s_(decode::frame_seconds(executor_->model())) {
  decode::validate(options.decode);
  require(options.decode.rescore_lm.empty(), ErrorCode::kInvalidArgument,
          "`rescore_lm` ranks an n-best list anew, which make_recognizer() does");
  decoder_ = decode::make_decoder(search_.space(), options.decode,
                                  make_fusion(options.decode, *bundle.languages));
}

std::vector<EmissionResult> EmissionRecognizer::recognize(std::span<const Tensor> signals,
                                                          bool wants_text) {
  if (signals.empty()) return {};
  const auto count = static_cast<double>(signals.size());
  const auto start = Clock::now();
  const decode::Emissions emissions = decode::emissions_of(*executor_, signals);
  const double encode_ms = ms_since(start) / count;
  const std::int64_t width = emissions.frames.dim(2);
  std::vector<EmissionResult> results;
  for (std::size_t i = 0; i < signals.size(); ++i) {
    const std::span<const float> frames = emissions.of(i);
    EmissionResult result{Tensor::from<float>({emissions.lengths[i], width}, frames), {}};
    if (wants_text) {
      const auto begin = Clock::now();
      result.recognition =
          decode::recognition_of(decoder_->decode(frames), frame_s_, tokenizer_.get());
      result.recognition.decode_ms = ms_since(begin);
      result.recognition.encode_ms = encode_ms;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace nest::recognize
