// realtime_inference MODEL DATA: the specification's "Real-Time Inference".
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <nest/core/error.h>
#include <nest/eval/eval_set.h>
#include <nest/io/npy.h>
#include <nest/recognize/bundle.h>
#include <nest/signal/circular_buffer.h>
#include <nest/signal/preprocess.h>
#include <nest/signal/sliding_window.h>
#include <nest/stream/pipeline.h>
#include <nest/text/score.h>

#include "promise.h"

using namespace nest;

namespace {

using View = signal::SignalView<const float>;

View view_of(const Tensor& samples) {
  return {samples.data<float>().data(), samples.dim(0), samples.dim(1)};
}

/// An amplifier that delivers the recorded utterances, one after the other.
class EegDevice {
 public:
  EegDevice(const std::filesystem::path& folder, const eval::EvalSet& set, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      recordings_.push_back(io::read_npy(folder / set.utterances[i].signal));
  }
  /// At most `most` new samples; none at the end.
  View read(std::int64_t most) {
    if (now_ == recordings_.size()) return {nullptr, recordings_[0].dim(0), 0};
    const View all = view_of(recordings_[now_]);
    const View chunk = all.slice(at_, std::min(most, all.samples - at_));
    at_ += chunk.samples;
    if (at_ == all.samples) at_ = 0, ++now_;
    return chunk;
  }

 private:
  std::vector<Tensor> recordings_;
  std::size_t now_ = 0;
  std::int64_t at_ = 0;
};

void live(const recognize::Bundle& bundle, const std::filesystem::path& folder,
          const eval::EvalSet& set) {
  // Configure
  const stream::StreamConfig config{
      .window_s = 4, .hop_s = 0.512, .lookahead_s = 1, .max_latency_ms = 100};
  const auto clock = stream::make_wall_clock();
  // The preprocessor is the one that the model was trained with: it comes with the bundle.
  stream::StreamingInference stream(bundle, config, {}, *clock);
  stream.set_paced(false);
  EegDevice eeg_device(folder, set, 3);

  // Simulate streaming
  std::string text;
  double worst_ms = 0;
  for (View samples = eeg_device.read(20); samples.samples > 0; samples = eeg_device.read(20)) {
    stream.add_samples(samples);
    while (const auto output = stream.process_window()) {
      text += stream.decode_output(*output);
      worst_ms = std::max(worst_ms, output->latency_ms);
    }
  }
  std::printf("Decoded: %s\n", text.c_str());

  // Get metrics
  const stream::StreamMetrics metrics = stream.get_metrics();
  std::printf("Mean latency: %.2f ms\nP95 latency: %.2f ms\nThroughput: %.1f Hz\n",
              metrics.mean_latency_ms, metrics.p95_latency_ms, metrics.throughput_hz);
  promise(!text.empty() && metrics.windows > 10, "a continuous stream becomes text");
  promise(metrics.mean_latency_ms < 100 && metrics.p95_latency_ms < 100 && worst_ms < 1000,
          "less than 100 ms from a window's last sample to its text");
  promise(metrics.throughput_hz > 1 / config.hop_s, "faster than the signal arrives");

  // Check SLA
  const stream::LatencyMonitor::Sla sla = stream.latency().check_sla(100);
  promise(sla.violation_rate < 0.05, "LatencyMonitor::check_sla says how often that is missed");
}

void parts(const Tensor& recording) {
  const View all = view_of(recording);
  // Online band-pass and notch with state: chunks of any size give what the whole gives.
  const signal::OnlinePreprocessorOptions options{.channels = static_cast<int>(all.channels),
                                                  .rate_hz = 125,
                                                  .bandpass_hz = {0.5, 40},
                                                  .notch_hz = {50}};
  signal::OnlinePreprocessor at_once(options), in_chunks(options);
  const Tensor whole = process_all(at_once, recording),
               pieces = process_all(in_chunks, recording, 17);
  promise(bit_equal(whole, pieces), "OnlinePreprocessor filters every sample once, for any chunks");

  signal::CircularBuffer buffer(static_cast<int>(all.channels), 100);
  buffer.append(all);
  Tensor newest(DType::kF32, {all.channels, 100});
  const auto status = buffer.latest({newest.mutable_data<float>().data(), all.channels, 100});
  promise(status == signal::WindowStatus::kOk &&
              newest.data<float>().back() == all.row(all.channels - 1)[all.samples - 1],
          "CircularBuffer holds the newest samples");

  signal::SlidingWindowProcessor windows(
      {.channels = static_cast<int>(all.channels), .window_samples = 100, .hop_samples = 20});
  std::int64_t in_order = 0;
  for (std::int64_t at = 0; at < all.samples; at += 13)
    windows.push(all.slice(at, std::min<std::int64_t>(13, all.samples - at)),
                 [&](const auto& window) { in_order += window.start_sample == 20 * window.index; });
  promise(in_order == (all.samples - 100) / 20 + 1,
          "SlidingWindowProcessor emits each window once");
}

void latency_monitor() {
  stream::LatencyMonitor monitor(1000, 100);
  // Record latencies
  for (int i = 1; i <= 100; ++i) monitor.record(i == 100 ? 120 : i);
  // Get statistics
  const stream::LatencyMonitor::Statistics stats = monitor.get_statistics();
  std::printf("Mean: %.2f ms\nP99: %.2f ms\n", stats.mean_ms, stats.p99_ms);
  promise(stats.p99_ms == 99 && stats.max_ms == 120, "LatencyMonitor's quantiles are exact");
  // Check SLA
  const auto [is_met, violation_rate] = monitor.check_sla(100.0);
  promise(!is_met && violation_rate == 0.01, "one of a hundred missed 100 ms");
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: realtime_inference MODEL DATA\n"), 2;
  const recognize::Bundle bundle = recognize::load_bundle(argv[1]);
  const eval::EvalSet set = eval::open_eval_set(argv[2], {.split = "test"}, bundle.model());
  live(bundle, argv[2], set);
  parts(io::read_npy(std::filesystem::path(argv[2]) / set.utterances[0].signal));
  latency_monitor();
} catch (const Error& error) {
  std::fprintf(stderr, "realtime_inference: %s\n", error.what());
  return exit_code(error.code());
}
