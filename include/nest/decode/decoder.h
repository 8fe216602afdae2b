#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nest/decode/fusion.h"
#include "nest/decode/hypothesis.h"
#include "nest/decode/options.h"
#include "nest/decode/scorer.h"
#include "nest/graph/model.h"

namespace nest::decode {

/// What a decoder searches: the model family, its special tokens and its step functions.
///
/// Frames are log-probabilities [T, vocab_size] for CTC and encoder outputs [T, memory_dim] for the
/// other two, whose scorer must outlive the decoder. eos_id -1: attention never
/// stops early and may generate any token, the start token too; else the start token never comes
/// back.
struct SearchSpace {
  graph::Family family = graph::Family::kCtc;
  std::int64_t vocab_size = 0;
  TokenId blank_id = 0;
  TokenId sos_id = 2;
  TokenId eos_id = 3;
  StepScorer* attention = nullptr;
  TransducerScorer* transducer = nullptr;

  /// Floats a frame.
  std::int64_t frame_dim() const;
};

/// Decodes one utterance, all at once or as its frames arrive.
///
/// Streaming: begin(), step() any number of times, end(). The way frames are split between steps
/// never changes a bit of the result. CTC and RNN-T search as frames come; an attention model needs
/// the whole memory, so its search runs in end() and its partial results are empty until then.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual void begin() = 0;
  /// Shapes: frames [n, frame_dim]. Errors: InvalidArgument if not a whole number of frames.
  virtual void step(std::span<const float> frames) = 0;
  virtual void end() = 0;
  virtual Partial partial() const = 0;
  /// The same into an object whose room is used again: greedy decoders allocate nothing for it.
  virtual void partial_into(Partial& into) const { into = partial(); }
  /// Best first, at most options.nbest; before end() the scores lack what the end adds.
  virtual std::vector<Hypothesis> nbest() const = 0;
  /// "ctc prefix beam 50": one line that says what runs.
  virtual std::string describe() const = 0;

  /// begin, step, end, nbest.
  std::vector<Hypothesis> decode(std::span<const float> frames);
};

/// The most likely token at every step; no language model, no hypotheses kept.
class GreedyDecoder : public Decoder {
 public:
  GreedyDecoder(const SearchSpace& space, const DecodeOptions& options);
  ~GreedyDecoder() override;
  void begin() override;
  void step(std::span<const float> frames) override;
  void end() override;
  Partial partial() const override;
  void partial_into(Partial& into) const override;
  std::vector<Hypothesis> nbest() const override;
  std::string describe() const override;

 private:
  std::unique_ptr<Decoder> impl_;
};

/// Beam search of the model's family: CTC prefix beam, RNN-T time-synchronous, attention.
class BeamSearchDecoder : public Decoder {
 public:
  BeamSearchDecoder(const SearchSpace& space, const DecodeOptions& options,
                    std::shared_ptr<const Fusion> fusion = nullptr);
  ~BeamSearchDecoder() override;
  void begin() override;
  void step(std::span<const float> frames) override;
  void end() override;
  Partial partial() const override;
  std::vector<Hypothesis> nbest() const override;
  std::string describe() const override;

 private:
  std::unique_ptr<Decoder> impl_;
};

/// Beam search over many utterances at once; equal to BeamSearchDecoder on each.
///
/// Attention: the hypotheses of all utterances share each decoder step. CTC: utterances run on
/// `threads` threads. RNN-T: one after the other.
class BatchBeamSearch {
 public:
  BatchBeamSearch(const SearchSpace& space, const DecodeOptions& options,
                  std::shared_ptr<const Fusion> fusion = nullptr, int threads = 1);
  /// Shapes: each [T_i, frame_dim].
  std::vector<std::vector<Hypothesis>> decode(std::span<const std::span<const float>> utterances);

 private:
  SearchSpace space_;
  DecodeOptions options_;
  std::shared_ptr<const Fusion> fusion_;
  int threads_;
};

/// GreedyDecoder for beam_size 1, else BeamSearchDecoder.
std::unique_ptr<Decoder> make_decoder(const SearchSpace& space, const DecodeOptions& options,
                                      std::shared_ptr<const Fusion> fusion = nullptr);

}  // namespace nest::decode
