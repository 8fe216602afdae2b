#include "executor_run.h"
#include "native_run.h"
#include "nest/core/error.h"
#include "nest/graph/node_clock.h"
#include "nest/profile/profile_run.h"

namespace nest::profile {
namespace {

using Clock = Trace::Clock;

Clock::duration duration_of(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// A pass that has just ended: its layers, one after the other, up to now.
template <class Layers, class Describe>
void add_pass(Trace& trace, int track, const std::string& graph, const Layers& layers,
              const Describe& describe) {
  const Clock::time_point end = Clock::now();
  double seconds = 0;
  for (const auto& layer : layers) seconds += layer.seconds;
  const Clock::time_point begin = end - duration_of(seconds);
  trace.span(track, graph, begin, end);
  double before = 0;
  for (const auto& layer : layers) {
    const auto from = begin + duration_of(before);
    before += layer.seconds;
    describe(layer, from, begin + duration_of(before));
  }
}

void trace_native(Trace& trace, int track, const recognize::RunnableModel& runnable,
                  const Work& work, int runs) {
  NativeRun native(runnable.prepared, work, {runnable.executor.machine, true});
  native.once([](const runtime::Session&) {});
  for (int run = 0; run < runs; ++run) {
    native.once([&](const runtime::Session& session) {
      using Step = runtime::Session::StepTime;
      add_pass(trace, track, work.graph, session.step_times(),
               [&](const Step& step, Clock::time_point from, Clock::time_point to) {
                 trace.span(track, std::string(step.name), from, to,
                            {{"what", step.detail},
                             {"executed_macs", step.executed_macs},
                             {"weight_bytes", step.weight_bytes}});
               });
    });
  }
}

void trace_executor(Trace& trace, int track, const recognize::RunnableModel& runnable,
                    const Work& work, int runs) {
  const auto executor = runnable.make_executor();
  auto* clock = dynamic_cast<graph::NodeClock*>(executor.get());
  require(clock != nullptr, ErrorCode::kUnsupported,
          "executor '{}' does not time its nodes; native does", executor->describe());
  clock->time_nodes(true);
  run_passes(*executor, work, [](const TensorMap&) {});
  for (int run = 0; run < runs; ++run) {
    run_passes(*executor, work, [&](const TensorMap&) {
      add_pass(trace, track, work.graph, clock->node_times(),
               [&](const graph::NodeTime& node, Clock::time_point from, Clock::time_point to) {
                 trace.span(track, node.node, from, to);
               });
    });
  }
}

}  // namespace

void trace_model(Trace& trace, const recognize::RunnableModel& runnable, const WorkOptions& options,
                 int runs) {
  for (const WorkOptions& each : works_of(*runnable.model, options)) {
    const Work work = make_work(*runnable.model, each);
    const int track = trace.add_track("graph " + work.graph);
    if (runnable.prepared != nullptr) {
      trace_native(trace, track, runnable, work, runs);
    } else {
      trace_executor(trace, track, runnable, work, runs);
    }
  }
}

}  // namespace nest::profile
