#include "nest/stream/trace.h"

#include "nest/core/json.h"

namespace nest::stream {
namespace {

using Time = Trace::Clock::time_point;

Time before(Time at, double ms) {
  return at - std::chrono::duration_cast<Trace::Clock::duration>(
                  std::chrono::duration<double, std::milli>(ms));
}

}  // namespace

StreamTrace::StreamTrace(Trace& trace, const StreamingInference& pipeline)
    : trace_(trace),
      pipeline_(pipeline),
      hops_(trace.add_track("hops")),
      waits_(trace.add_track("waiting")),
      marks_(trace.add_track("faults")) {}

void StreamTrace::add(const StreamEvent& event) {
  const LatencyLedger& ledger = event.latency;
  const Time end = Trace::Clock::now();
  const Time decode = before(end, ledger.decode_ms);
  const Time model = before(decode, ledger.model_ms);
  const Time preprocess = before(model, ledger.preprocess_ms);
  const Time arrival = before(preprocess, ledger.wait_ms);
  trace_.span(hops_, "hop", preprocess, end,
              {{"time_s", event.time_s}, {"committed", event.committed.size()}});
  trace_.span(hops_, "preprocess", preprocess, model);
  trace_.span(hops_, "model", model, decode);
  trace_.span(hops_, "decode", decode, end);
  if (ledger.wait_ms > 0) trace_.span(waits_, "wait", arrival, preprocess);
  const double deadline_ms = pipeline_.latency().deadline_ms();
  if (ledger.age_ms > deadline_ms) {
    trace_.instant(marks_, "deadline missed", end,
                   {{"age_ms", ledger.age_ms}, {"deadline_ms", deadline_ms}});
  }
  if (pipeline_.gaps() > gaps_) {
    gaps_ = pipeline_.gaps();
    trace_.instant(marks_, "gap", preprocess, {{"gaps", gaps_}});
  }
  trace_.counter("age of text, ms", end, ledger.age_ms);
}

}  // namespace nest::stream
