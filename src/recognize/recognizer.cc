#include "nest/recognize/recognizer.h"

#include "nest/core/options.h"
#include "nest/decode/model_recognizer.h"

namespace nest::recognize {

void visit_fields(FieldVisitor& visitor, RecognizeOptions& o) {
  visitor.part("decode", o.decode);
}

std::unique_ptr<decode::Recognizer> make_recognizer(const Bundle& bundle,
                                                    const RecognizeOptions& options) {
  decode::validate(options.decode);
  return std::make_unique<decode::ModelRecognizer>(bundle.runnable.make_executor(), options.decode,
                                                   bundle.tokenizer,
                                                   make_guides(options.decode, *bundle.languages));
}

RecognizerFactory::RecognizerFactory(Bundle bundle, RecognizeOptions options)
    : bundle_(std::move(bundle)), options_(std::move(options)) {
  decode::validate(options_.decode);
}

std::unique_ptr<decode::Recognizer> RecognizerFactory::operator()() const {
  return make_recognizer(bundle_, options_);
}

}  // namespace nest::recognize
