// beam_search MODEL EMISSIONS.npy [LM.arpa]: the n-best list of CTC emissions [T, V].
#include <cstdio>

#include <nest/core/error.h>
#include <nest/decode/decoder.h>
#include <nest/io/npy.h>
#include <nest/recognize/bundle.h>

int main(int argc, char** argv) try {
  if (argc < 3 || argc > 4)
    return std::fprintf(stderr, "usage: beam_search MODEL EMISSIONS.npy [LM.arpa]\n"), 2;
  const auto bundle = nest::recognize::load_bundle(argv[1]);
  const auto& vocabulary = bundle.model().vocabulary;
  const nest::Tensor emissions = nest::io::read_npy(argv[2]);

  nest::decode::DecodeOptions options{.beam_size = 20, .nbest = 3};
  if (argc == 4) options.lm = argv[3];
  const nest::decode::SearchSpace space{.family = nest::graph::Family::kCtc,
                                        .vocab_size = vocabulary.size,
                                        .blank_id = static_cast<int>(vocabulary.blank_id)};
  nest::decode::BeamSearchDecoder decoder(space, options,
                                          nest::recognize::make_fusion(options, *bundle.languages));
  for (const auto& hypothesis : decoder.decode(emissions.data<float>())) {
    std::printf("%9.3f  %9.3f  %s\n", hypothesis.score, hypothesis.log_prob,
                bundle.tokenizer->text_of(hypothesis.tokens).c_str());
  }
} catch (const nest::Error& error) {
  std::fprintf(stderr, "beam_search: %s\n", error.what());
  return nest::exit_code(error.code());
}
