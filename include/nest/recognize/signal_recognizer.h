#pragma once

#include <memory>

#include "nest/contract/match.h"
#include "nest/contract/source.h"
#include "nest/core/tensor.h"
#include "nest/recognize/recognizer.h"

namespace nest::recognize {

/// From a signal as it was recorded to text in one call.
///
///   recognize::SignalRecognizer recognizer(recognize::load_bundle("model.pt"));
///   const contract::SourceInfo source{.name = "cap", .rate_hz = 500,
///       .channels = contract::named_channels({"Fp1", "Fp2", "Cz"}, "uV")};
///   std::puts(recognizer.recognize(samples, source).text.c_str());
///
/// The model's signal contract is carried out first (contract::prepare): channels by name, unit,
/// rate, reference, filters, normalisation; what `nest benchmark` and `nest decode` do to a file,
/// so the text is theirs. A decode::ModelRecognizer alone takes what comes out of that.
/// State: one call at a time; recognizers of one bundle share its weights.
class SignalRecognizer {
 public:
  /// `match` says what may be done to signals that do not fit: resampling, a unit.
  /// Errors: InvalidArgument if the model carries no signal contract; those of make_recognizer().
  explicit SignalRecognizer(const Bundle& bundle, const RecognizeOptions& options = {},
                            contract::MatchOptions match = {});

  /// One utterance. Nothing is known of the signal before its first sample.
  ///
  /// Shapes: samples [channels, n] float32 or float64 as `source` describes them
  /// Errors: those of contract::prepare() and decode::Recognizer::recognize()
  decode::Recognition recognize(const Tensor& samples, const contract::SourceInfo& source);

  /// What signals become.
  const graph::SignalContract& contract() const { return model_->signal; }

 private:
  std::shared_ptr<const graph::Model> model_;
  std::unique_ptr<decode::Recognizer> recognizer_;
  contract::MatchOptions match_;
};

}  // namespace nest::recognize
