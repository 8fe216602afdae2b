#include "nest/stream/session.h"

#include <exception>
#include <optional>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/json_text.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/stream/committed_text.h"
#include "nest/stream/live_line.h"
#include "nest/stream/lsl_outlet.h"
#include "nest/stream/report.h"
#include "nest/stream/trace.h"

namespace nest::stream {
namespace {

/// Hands a stream's events to everything that shows them.
class Show {
 public:
  Show(const SessionOptions& options, const SessionOutput& output,
       const StreamingInference& pipeline, Clock& clock)
      : options_(options), output_(output), pipeline_(pipeline) {
    if (!options.lsl_out.empty()) outlet_.emplace(options.lsl_out, clock);
  }

  void operator()(const StreamEvent& event) {
    const std::string piece = text_.take(event);
    if (options_.json) {
      output_.print(json_text(event_json(pipeline_, event, piece)) + "\n");
    } else if (event.segment != nullptr || !piece.empty()) {
      output_.print(piece + (event.segment != nullptr ? "\n" : ""));
    }
    if (outlet_) outlet_->push(event, piece);
    if (output_.live && event.is_hop())
      output_.live(live_line(pipeline_, event, text_.text(), output_.columns(), true));
  }
  const std::string& text() const { return text_.text(); }

 private:
  const SessionOptions& options_;
  const SessionOutput& output_;
  const StreamingInference& pipeline_;
  std::optional<LslOutlet> outlet_;
  CommittedText text_{[this](auto tokens) { return pipeline_.text_of(tokens); }};
};

}  // namespace

void visit_fields(FieldVisitor& visitor, SessionOptions& o) {
  visitor.part("", o.source);
  visitor.part("", o.config);
  visitor.part("", o.feed);
  visitor.part("", o.real_time);
  visitor.group("Output");
  visitor.field("lsl_out", o.lsl_out, "name of an LSL stream to send the text to");
  visitor.field("fallback", o.fallback,
                "smaller model of the watchdog, with the same contract and vocabulary");
  visitor.field("trace", o.trace, "write the hops as a trace for ui.perfetto.dev there");
  visitor.field("json", o.json, "one line of JSON an event, then a summary");
}

void run_session(const recognize::Bundle& bundle, const decode::DecodeOptions& decoding,
                 const recognize::LoadOptions& loading, const SessionOptions& options,
                 const SessionOutput& output, const Job& job) {
  nest::validate(options.feed);
  const auto clock = make_wall_clock(job.stop);
  std::optional<recognize::Bundle> fallback;
  if (!options.fallback.empty()) fallback = recognize::load_bundle(options.fallback, loading);
  StreamingInference pipeline(bundle, options.config, decoding, *clock,
                              fallback ? &*fallback : nullptr);
  const auto source = open_source(options.source, *clock, job.stop);
  apply(options.real_time);  // behind the source's own threads, which keep theirs
  log_info("{} -> {}", source->info().name, pipeline.describe());
  Show show(options, output, pipeline, *clock);
  Trace trace;
  StreamTrace drawn(trace, pipeline);
  const auto sink = [&](const StreamEvent& event) {
    if (!options.trace.empty() && event.is_hop()) drawn.add(event);
    show(event);
  };
  FeedResult fed;
  std::exception_ptr failure;
  const double start_s = clock->now_s();
  try {
    fed = feed(*source, pipeline, *clock, sink, options.feed, job.stop);
  } catch (const Error&) {
    const std::int64_t samples = pipeline.processor().counts().samples_in;
    if (samples == 0) throw;  // it never began
    failure = std::current_exception();
    fed = {.samples = samples,
           .signal_s = static_cast<double>(samples) / source->info().rate_hz,
           .wall_s = clock->now_s() - start_s};
  }
  if (!options.trace.empty()) trace.write(options.trace);
  if (options.json) {
    output.print(
        json_text({{"event", "final"}, {"summary", summary_json(pipeline, fed, show.text())}}) +
        "\n");
  } else {
    log_info("{}", summary_text(pipeline, fed));
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace nest::stream
