#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/decode/decoder.h"
#include "nest/decode/ngram.h"
#include "nest/io/npy.h"

// CTC prefix beam on given emissions: times of every run as JSON, for ctc_beam_vs_peers.py.
// usage: nest_bench_decode EMISSIONS.npy LM BEAM LM_WEIGHT REPEATS [TOKEN_BEAM SCORE_THRESHOLD]
// Tokens are "t0" (the blank), "t1", ...; LM is a model over these words.
namespace {

using namespace nest;

/// Counts the look-ups of a language model; each is one new prefix that the search tried.
class CountingLm final : public decode::LanguageModel {
 public:
  explicit CountingLm(std::shared_ptr<decode::LanguageModel> lm) : lm_(std::move(lm)) {}
  decode::LmState begin() const override { return lm_->begin(); }
  float score(decode::LmState state, decode::TokenId token, decode::LmState& next) const override {
    ++queries;
    return lm_->score(state, token, next);
  }
  float finish(decode::LmState state) const override { return lm_->finish(state); }
  float upper_bound(decode::TokenId token) const override { return lm_->upper_bound(token); }
  mutable std::int64_t queries = 0;

 private:
  std::shared_ptr<decode::LanguageModel> lm_;
};

std::shared_ptr<CountingLm> load_lm(const std::string& path, std::int64_t vocab) {
  std::vector<std::string> pieces;
  for (std::int64_t i = 0; i < vocab; ++i) pieces.push_back(fmt::format("t{}", i));
  return std::make_shared<CountingLm>(decode::make_token_lm(decode::NGram::load(path), pieces));
}

int run(int argc, char** argv) {
  const Tensor emissions = io::read_npy(argv[1]);
  const auto rows = emissions.data<float>();
  const decode::SearchSpace space{.family = graph::Family::kCtc, .vocab_size = emissions.dim(1)};
  decode::DecodeOptions options;
  options.beam_size = std::atoi(argv[3]);
  if (argc == 8) {
    options.token_beam = std::atoi(argv[6]);
    options.score_threshold = std::atof(argv[7]);
  }
  const auto lm = load_lm(argv[2], emissions.dim(1));
  decode::FusionParts parts;
  parts.lm = lm;
  parts.lm_weight = std::atof(argv[4]);
  decode::BeamSearchDecoder decoder(space, options, std::make_shared<decode::Fusion>(parts));
  Json report;
  std::vector<decode::Hypothesis> best;
  for (int i = 0, repeats = std::atoi(argv[5]); i < repeats + 3; ++i) {
    lm->queries = 0;
    const auto start = std::chrono::steady_clock::now();
    best = decoder.decode(rows);
    const auto end = std::chrono::steady_clock::now();
    if (i >= 3)
      report["ms"].push_back(std::chrono::duration<double, std::milli>(end - start).count());
  }
  report["lm_queries"] = lm->queries;
  report["score"] = best[0].score;
  report["tokens"] = best[0].tokens;
  fmt::print("{}\n", report.dump());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 8) {
    fmt::print(stderr,
               "usage: nest_bench_decode EMISSIONS.npy LM BEAM LM_WEIGHT REPEATS "
               "[TOKEN_BEAM SCORE_THRESHOLD]\n");
    return 2;
  }
  try {
    return run(argc, argv);
  } catch (const nest::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return nest::exit_code(error.code());
  }
}
