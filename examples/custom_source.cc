// custom_source MODEL SIGNAL.npy: a source of one's own (here an array) decoded as it arrives.
#include <algorithm>
#include <cstdio>

#include <nest/core/error.h>
#include <nest/io/npy.h>
#include <nest/recognize/bundle.h>
#include <nest/stream/committed_text.h>
#include <nest/stream/feed.h>

/// Delivers 16 samples at a time; the driver of an amplifier would wait for them in read().
class ArraySource : public nest::stream::Source {
 public:
  ArraySource(nest::Tensor signal, double rate_hz, nest::stream::Clock& clock)
      : signal_(std::move(signal)), clock_(clock) {
    info_ = {.name = "array",
             .rate_hz = rate_hz,
             .channels = nest::contract::unnamed_channels(signal_.dim(0), "V")};
  }
  const nest::stream::SourceInfo& info() const override { return info_; }
  nest::stream::Chunk read(nest::signal::SignalView<double> into) override {
    const auto count = std::min({std::int64_t{16}, into.samples, signal_.dim(1) - at_});
    const float* samples = signal_.data<float>().data() + at_;
    for (std::int64_t c = 0; c < into.channels; ++c) {
      std::copy_n(samples + c * signal_.dim(1), count, into.row(c));
    }
    at_ += count;  // no samples: the source has ended
    return {.samples = count, .arrival_s = clock_.now_s()};
  }

 private:
  nest::Tensor signal_;
  nest::stream::Clock& clock_;
  nest::stream::SourceInfo info_;
  std::int64_t at_ = 0;
};

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: custom_source MODEL SIGNAL.npy\n"), 2;
  const auto bundle = nest::recognize::load_bundle(argv[1]);
  const auto clock = nest::stream::make_wall_clock();
  nest::stream::StreamingInference pipeline(
      bundle, {.window_s = 4, .hop_s = 0.512, .lookahead_s = 1}, {}, *clock);
  ArraySource source(nest::io::read_npy(argv[2]), pipeline.contract().rate_hz, *clock);
  nest::stream::CommittedText text([&](auto tokens) { return pipeline.text_of(tokens); });
  nest::stream::feed(source, pipeline, *clock, [&](const nest::stream::StreamEvent& event) {
    text.take(event);
    if (event.is_hop()) std::fprintf(stderr, "%6.2f s  %s\n", event.time_s, text.text().c_str());
  });
  std::printf("%s", text.text().c_str());
} catch (const nest::Error& error) {
  std::fprintf(stderr, "custom_source: %s\n", error.what());
  return nest::exit_code(error.code());
}
