#include "nest/profile/throughput.h"

#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::profile {
namespace {

/// Runs of which a trend is looked for.
constexpr int kWindow = 20;

struct WarmUp {
  int runs = 0;
  bool is_steady = false;
};

WarmUp warm_up(Contender& contender, double max_s) {
  const auto begin = std::chrono::steady_clock::now();
  WarmUp done;
  std::chrono::duration<double> spent{};
  do {
    const std::vector<double> times = contender.run(kWindow);
    done.runs += kWindow;
    done.is_steady = is_steady(times);
    spent = std::chrono::steady_clock::now() - begin;
  } while (!done.is_steady && spent.count() < max_s);
  return done;
}

std::string text_of(const std::optional<double>& ms) {
  return ms ? fmt::format("{:.3f}", *ms) : "-";
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ThroughputOptions& o) {
  visitor.field("batch_sizes", o.batch_sizes, "items at once");
  visitor.field("runs", o.runs, "timed runs of each batch size", between(8, 1000000),
                {.flag = "throughput-runs"});
  visitor.field("max_warmup_s", o.max_warmup_s, "longest warm-up of each batch size",
                between(0, 3600));
}

void validate(const ThroughputOptions& options) {
  check_fields(options);
  require_field(!options.batch_sizes.empty(), "batch_sizes", "names none");
  for (const std::int64_t size : options.batch_sizes)
    require_field(size >= 1 && size <= 4096, "batch_sizes", "has {}; it must be from 1 to 4096",
                  size);
}

Json to_json(const BatchThroughput& t) {
  return {{"batch", t.batch},
          {"throughput_samples_per_sec", t.items_per_s},
          {"latency", to_json(t.latency)},
          {"warmup_runs", t.warmup_runs},
          {"is_steady", t.is_steady},
          {"noise", t.noise}};
}

std::string throughput_text(const std::vector<BatchThroughput>& all) {
  std::string text =
      fmt::format("  {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>11} {:>7}\n", "batch", "p50 ms",
                  "p95 ms", "p99 ms", "p99.9 ms", "min ms", "items/s", "warm-up");
  for (const BatchThroughput& t : all) {
    text += fmt::format("  {:>5} {:>9.3f} {:>9} {:>9} {:>9} {:>9.3f} {:>11.1f} {:>7}\n", t.batch,
                        t.latency.p50_ms, text_of(t.latency.p95_ms), text_of(t.latency.p99_ms),
                        text_of(t.latency.p999_ms), t.latency.min_ms, t.items_per_s,
                        fmt::format("{}{}", t.warmup_runs, t.is_steady ? "" : "!"));
    if (!t.is_steady) text += "        ! times still fell when the time for warming up was over\n";
    if (!t.noise.empty()) text += fmt::format("        noisy: {}\n", fmt::join(t.noise, "; "));
  }
  return text;
}

std::unique_ptr<Contender> contender_of(std::string name, const recognize::RunnableModel& runnable,
                                        const Work& work) {
  if (runnable.prepared != nullptr)
    return native_contender(std::move(name), runnable.prepared, work, runnable.executor.machine);
  return executor_contender(std::move(name), runnable.make_executor(), work);
}

ThroughputBenchmark::ThroughputBenchmark(const recognize::RunnableModel& runnable, WorkOptions work)
    : model_(runnable.model),
      make_([runnable](const Work& each) {
        return contender_of(runnable.model->name, runnable, each);
      }),
      work_(std::move(work)) {}

ThroughputBenchmark::ThroughputBenchmark(const graph::Model& model, MakeContender make,
                                         WorkOptions work)
    : model_(std::make_shared<const graph::Model>(model)),
      make_(std::move(make)),
      work_(std::move(work)) {}

std::vector<BatchThroughput> ThroughputBenchmark::measure_throughput(
    const ThroughputOptions& options, const Job& job) const {
  validate(options);
  Progress progress(job, "throughput", static_cast<std::int64_t>(options.batch_sizes.size()),
                    "batch sizes");
  std::vector<BatchThroughput> all;
  for (const std::int64_t batch : options.batch_sizes) {
    job.check_stop("nothing was written");
    WorkOptions work = work_;
    work.batch = batch;
    const auto contender = make_(make_work(*model_, work));
    const WarmUp warm = warm_up(*contender, options.max_warmup_s);
    const NoiseWatch watch;
    BatchThroughput result;
    result.batch = batch;
    result.latency = quantiles(contender->run(options.runs));
    result.items_per_s = static_cast<double>(batch) / result.latency.p50_ms * 1e3;
    result.warmup_runs = warm.runs;
    result.is_steady = warm.is_steady;
    result.noise = watch.reasons(result.latency);
    all.push_back(std::move(result));
    progress.advance();
  }
  return all;
}

}  // namespace nest::profile
