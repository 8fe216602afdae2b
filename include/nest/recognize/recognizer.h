#pragma once

#include <memory>

#include "nest/core/options_fwd.h"
#include "nest/decode/options.h"
#include "nest/decode/recognizer.h"
#include "nest/recognize/bundle.h"

namespace nest::recognize {

/// How a bundle turns signals into text.
struct RecognizeOptions {
  decode::DecodeOptions decode = {};
};
void visit_fields(FieldVisitor& visitor, RecognizeOptions& options);

/// A recognizer for one thread: an executor and a decoder of its own; weights, n-grams and word
/// lists are the bundle's.
/// Errors: InvalidArgument for options; those of make_guides().
std::unique_ptr<decode::Recognizer> make_recognizer(const Bundle& bundle,
                                                    const RecognizeOptions& options = {});

/// make_recognizer() as a callable, for whoever needs one recognizer a thread.
///
///   recognize::RecognizerFactory factory(recognize::load_bundle("model.pt"), {});
///   eval::ModelEvaluator(factory, {.jobs = 4}).evaluate(set);
///
/// What it is called with (an evaluator hands its set over) is not looked at. State: thread-safe.
class RecognizerFactory {
 public:
  explicit RecognizerFactory(Bundle bundle, RecognizeOptions options = {});

  std::unique_ptr<decode::Recognizer> operator()() const;
  template <class Set>
  std::unique_ptr<decode::Recognizer> operator()(const Set&) const {
    return (*this)();
  }

 private:
  Bundle bundle_;
  RecognizeOptions options_;
};

}  // namespace nest::recognize
