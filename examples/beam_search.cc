// beam_search MODEL EMISSIONS.npy [LM.arpa]: the n-best list of CTC emissions [T, V].
#include <cstdio>

#include <nest/core/error.h>
#include <nest/decode/decoder.h>
#include <nest/decode/model_recognizer.h>
#include <nest/deploy/model_file.h>
#include <nest/io/npy.h>
#include <nest/text/tokenizer.h>

int main(int argc, char** argv) try {
  if (argc < 3 || argc > 4)
    return std::fprintf(stderr, "usage: beam_search MODEL EMISSIONS.npy [LM.arpa]\n"), 2;
  const auto vocabulary = nest::deploy::load_model(argv[1]).vocabulary;
  const auto tokenizer = nest::text::tokenizer_from_json(vocabulary.tokenizer);
  const nest::Tensor emissions = nest::io::read_npy(argv[2]);

  nest::decode::DecodeOptions options{.beam_size = 20, .nbest = 3};
  if (argc == 4) options.lm = argv[3];
  const nest::decode::SearchSpace space{.family = nest::graph::Family::kCtc,
                                        .vocab_size = vocabulary.size,
                                        .blank_id = static_cast<int>(vocabulary.blank_id)};
  nest::decode::BeamSearchDecoder decoder(space, options,
                                          nest::decode::make_fusion(options, tokenizer.get()));
  for (const auto& hypothesis : decoder.decode(emissions.data<float>())) {
    std::printf("%9.3f  %9.3f  %s\n", hypothesis.score, hypothesis.log_prob,
                tokenizer->text_of(hypothesis.tokens).c_str());
  }
} catch (const nest::Error& error) {
  std::fprintf(stderr, "beam_search: %s\n", error.what());
  return nest::exit_code(error.code());
}
