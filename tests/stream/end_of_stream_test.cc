#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "nest/graph/frames.h"
#include "nest/io/recording.h"
#include "nest/runtime/session.h"
#include "nest/stream/feed.h"
#include "nest/stream/pipeline.h"
#include "nest/synth/corpus.h"
#include "stream/frame_maker.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tiny.h"

namespace nest::stream {
namespace {

using tiny::kTinyChannels;

constexpr StreamConfig kConfig{.window_s = 4, .hop_s = 1, .lookahead_s = 0.5};

struct Frames {
  std::vector<float> pushed, last;
};

Frames frames_of(const recognize::Bundle& bundle, const std::vector<float>& signal,
                 std::int64_t samples) {
  tiny::TickingClock clock;
  const auto maker = make_windowed_frames(bundle.runnable.prepared,
                                          std::make_shared<runtime::Machine>(), kConfig, clock);
  Frames frames;
  const auto into = [](std::vector<float>& to) {
    return [&to](const NewFrames& f) { to.insert(to.end(), f.values.begin(), f.values.end()); };
  };
  const auto length = static_cast<std::int64_t>(signal.size()) / kTinyChannels;
  maker->push({signal.data(), kTinyChannels, samples, length}, into(frames.pushed));
  maker->finish(into(frames.last));
  maker->finish(into(frames.last));  // nothing is left
  return frames;
}

std::vector<float> encoded(const recognize::Bundle& bundle, const std::vector<float>& signal,
                           std::int64_t begin, std::int64_t end) {
  runtime::Session session(bundle.runnable.prepared, "encoder", {{"B", 1}, {"T", end - begin}});
  const auto length = static_cast<std::int64_t>(signal.size()) / kTinyChannels;
  for (std::int64_t c = 0; c < kTinyChannels; ++c)
    std::copy_n(signal.data() + c * length + begin, end - begin,
                session.input("eeg_data").data() + c * (end - begin));
  session.run();
  const auto output = session.output("encoder_output");
  return {output.begin(), output.end()};
}

TEST(EndOfStream, every_frame_of_a_recording_cut_at_any_sample_is_decoded) {
  const recognize::Bundle bundle = tiny::tiny_bundle();
  const graph::Model& model = bundle.model();
  const std::int64_t window = 256, period = graph::samples_per_frame(model);
  const std::vector<double> noise = tiny::tiny_signal(64 * 8);
  const std::vector<float> signal(noise.begin(), noise.end());
  for (std::int64_t samples = 1; samples <= 64 * 8; ++samples) {
    const Frames frames = frames_of(bundle, signal, samples);
    const std::int64_t wanted = graph::num_frames(model, samples);
    if (wanted == 0) {
      ASSERT_TRUE(frames.pushed.empty() && frames.last.empty()) << samples;
      continue;
    }
    // The last frames are those of a window that ends with the signal and begins with a frame.
    const std::int64_t first = std::max<std::int64_t>(0, samples - window + period - 1) / period;
    const std::vector<float> window_end = encoded(bundle, signal, first * period, samples);
    const std::size_t dim = window_end.size() / static_cast<std::size_t>(wanted - first);
    ASSERT_EQ(frames.pushed.size() + frames.last.size(), dim * static_cast<std::size_t>(wanted))
        << samples;
    ASSERT_TRUE(std::equal(frames.last.rbegin(), frames.last.rend(), window_end.rbegin()))
        << samples;
  }
}

/// One sentence of the people that the shipped models know, said at the end of a recording.
class ShippedModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    synth::SynthOptions options;
    options.rate_hz = 125;
    options.take = 301;
    options.sentences = 3;
    file_ = (dir_ / "r.edf").string();
    synth::write_recording(options, file_, synth::recording_sentences(options, 1));
    const auto recording = io::open_recording(file_);
    for (const auto& a : recording->info().annotations)
      end_s_ = std::max(end_s_, a.onset_s + a.duration_s);
    length_s_ = static_cast<double>(recording->info().num_samples) / 125;
  }
  std::string text_until(double duration_s) {
    tiny::TickingClock clock;
    StreamingInference pipeline(bundle_, config_, {}, clock);
    const auto source = open_source({.source = "file:" + file_}, clock);
    std::string text;
    feed(*source, pipeline, clock,
         [&](const StreamEvent& e) {
           if (e.segment != nullptr) text += e.segment->text;
         },
         {.duration_s = duration_s});
    return text;
  }

  test::TempDir dir_;
  std::string file_;
  double end_s_ = 0, length_s_ = 0;
  recognize::Bundle bundle_ =
      recognize::load_bundle(test::tests_dir().parent_path() / "models" / GetParam());
  StreamConfig config_{.lookahead_s = 0.75, .endpoint = {.max_segment_s = 0}};
};

TEST_P(ShippedModel, a_recording_cut_behind_its_words_has_the_text_of_one_that_goes_on) {
  const std::string whole = text_until(length_s_);
  ASSERT_FALSE(whole.empty());
  ASSERT_GT(length_s_, end_s_ + 0.5);
  for (double cut_s = end_s_ + 0.25; cut_s < length_s_; cut_s += 0.056)  // 7 samples
    EXPECT_EQ(text_until(cut_s), whole) << cut_s - end_s_ << " s behind the sentence";
}
INSTANTIATE_TEST_SUITE_P(EndOfStream, ShippedModel,
                         ::testing::Values("synth_ctc.pt", "synth_ctc_causal.pt"),
                         [](const auto& info) {
                           return std::string(info.index == 0 ? "windowed" : "incremental");
                         });

}  // namespace
}  // namespace nest::stream
