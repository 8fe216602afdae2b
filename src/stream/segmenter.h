#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "nest/decode/decoder.h"
#include "nest/decode/endpoint.h"
#include "nest/graph/model.h"
#include "nest/stream/latency.h"
#include "nest/stream/segment.h"
#include "nest/text/tokenizer.h"

namespace nest::stream {

/// Emissions of an endless stream in, segments of text out: the decoder, the endpoint rules frame
/// by frame, and the time of every frame.
///
/// State: one thread. A step that closes no segment allocates nothing with CTC greedy decoding.
class Segmenter {
 public:
  Segmenter(const graph::Model& model, const decode::SearchSpace& space,
            std::unique_ptr<decode::Decoder> decoder, const decode::EndpointOptions& options,
            std::shared_ptr<const text::Tokenizer> tokenizer);

  /// Shapes: whole frames of the search space. Closed segments are appended to closed().
  void step(std::span<const float> emissions);
  /// Closes the last segment.
  void end();

  /// The signal heard when the frames that follow are decoded; seconds since the first sample.
  void at(double heard_s) { heard_s_ = heard_s; }
  /// What the hop cost whose frames were stepped last: the ledger of its tokens.
  void charge(const LatencyLedger& ledger);

  /// Samples are missing: frames count anew from `time_s`, seconds since the first sample.
  void begin_at(double time_s);
  /// Samples [begin, end) since begin_at() carry no signal: their frames are decoded as blank
  /// (CTC) or not at all (transducer). To be called before their frames come.
  void mask(std::int64_t begin, std::int64_t end);

  /// Since they were forgotten last.
  const std::vector<Segment>& closed() const { return closed_; }
  void forget_closed() {
    closed_.clear();
    charged_ = 0;
  }
  /// Tokens of the running segment.
  const decode::Partial& partial();
  std::string describe() const { return decoder_->describe(); }
  std::int64_t next_number() const { return number_; }
  /// After end(): a new stream, whose first segment has this number.
  void restart(std::int64_t number);
  std::int64_t masked_frames() const { return masked_frames_; }

 private:
  /// Where the decoder's frames lie in time, from one of them on.
  struct Mark {
    std::int64_t frame = 0;
    double time_s = 0;
  };
  struct Span {
    std::int64_t begin = 0, end = 0;
  };
  /// A hop behind which more tokens of the segment were known, or final.
  struct Hop {
    std::size_t known = 0;
    std::size_t committed = 0;
    double heard_s = 0;
    LatencyLedger ledger;
  };

  bool is_masked(std::int64_t frame);
  /// Decodes one frame; whether it was silent.
  bool take(std::span<const float> frame, bool is_masked);
  void mark_here();
  void close(bool is_end);
  void note_hop();
  void add_latency(Segment& segment) const;
  void set_times(decode::Hypothesis& hypothesis) const;
  double next_time_s() const { return origin_s_ + static_cast<double>(frame_) * frame_s_; }

  std::int64_t period_;  ///< samples a frame
  double frame_s_;
  decode::SearchSpace space_;
  std::unique_ptr<decode::Decoder> decoder_;
  decode::EndpointOptions options_;
  decode::EndpointRules rules_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;

  double origin_s_ = 0;
  std::int64_t frame_ = 0;    ///< next one since the origin
  std::int64_t decoded_ = 0;  ///< frames the decoder has had since it began
  std::vector<Mark> marks_{{}};
  std::deque<Span> masks_;
  std::int64_t masked_frames_ = 0;
  std::vector<float> blank_;  ///< a frame of nothing
  bool has_text_ = false;
  std::size_t tokens_ = 0;  ///< transducer: tokens of the hypothesis so far
  std::size_t cut_ = 0;     ///< carried state: tokens that earlier segments have
  std::int64_t number_ = 0;
  double heard_s_ = 0;
  std::vector<Hop> hops_;  ///< of the running segment, those with news
  std::vector<Segment> closed_;
  std::size_t charged_ = 0;  ///< closed segments whose ledger is complete
  decode::Partial partial_;
};

}  // namespace nest::stream
