#include "nest/recognize/traced_recognizer.h"

#include <utility>

#include "nest/core/json.h"

namespace nest::recognize {
namespace {

class TracedRecognizer final : public decode::Recognizer {
 public:
  TracedRecognizer(std::unique_ptr<decode::Recognizer> recognizer, Trace& trace)
      : recognizer_(std::move(recognizer)), trace_(trace), track_(trace.add_track("recognizer")) {}

  std::vector<decode::Recognition> recognize(std::span<const Tensor> signals) override {
    const Trace::Clock::time_point begin = Trace::Clock::now();
    auto results = recognizer_->recognize(signals);
    const Trace::Clock::time_point end = Trace::Clock::now();
    trace_.span(track_, "recognize", begin, end, {{"signals", signals.size()}});
    draw_parts(results, begin);
    return results;
  }
  Json info() const override { return recognizer_->info(); }
  std::int64_t weight_bytes() const override { return recognizer_->weight_bytes(); }

 private:
  using Time = Trace::Clock::time_point;

  Time add(const char* name, Time begin, double ms, const decode::Recognition& result) {
    const Time end = begin + std::chrono::duration_cast<Trace::Clock::duration>(
                                 std::chrono::duration<double, std::milli>(ms));
    trace_.span(track_, name, begin, end, {{"tokens", result.tokens.size()}});
    return end;
  }
  /// A batch is encoded as one, then decoded: shares of the signals follow each other.
  void draw_parts(const std::vector<decode::Recognition>& results, Time at) {
    for (const auto& result : results) at = add("encode", at, result.encode_ms, result);
    for (const auto& result : results) at = add("decode", at, result.decode_ms, result);
  }

  std::unique_ptr<decode::Recognizer> recognizer_;
  Trace& trace_;
  int track_;
};

}  // namespace

std::unique_ptr<decode::Recognizer> traced(std::unique_ptr<decode::Recognizer> recognizer,
                                           Trace& trace) {
  return std::make_unique<TracedRecognizer>(std::move(recognizer), trace);
}

}  // namespace nest::recognize
