#include "nest/recognize/signal_recognizer.h"

#include <span>

#include "nest/contract/processor.h"
#include "nest/core/error.h"

namespace nest::recognize {

SignalRecognizer::SignalRecognizer(const Bundle& bundle, const RecognizeOptions& options,
                                   contract::MatchOptions match)
    : model_(bundle.runnable.model), match_(std::move(match)) {
  require(
      model_->signal.rate_hz > 0 && model_->signal.num_channels > 0, ErrorCode::kInvalidArgument,
      "model {} carries no signal contract, so it is not known what it takes; give it one: nest "
      "convert with `contract`",
      model_->name);
  recognizer_ = make_recognizer(bundle, options);
}

decode::Recognition SignalRecognizer::recognize(const Tensor& samples,
                                                const contract::SourceInfo& source) {
  const Tensor signal = contract::prepare(samples, source, model_->signal, match_);
  return std::move(recognizer_->recognize(std::span(&signal, 1)).front());
}

}  // namespace nest::recognize
