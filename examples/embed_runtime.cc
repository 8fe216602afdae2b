// embed_runtime MODEL SIGNAL.npy EMISSIONS.npy: a CTC model on one signal with the native runtime.
#include <algorithm>
#include <cstdio>

#include <nest/contract/processor.h>
#include <nest/core/error.h>
#include <nest/decode/decoder.h>
#include <nest/deploy/prepared_model.h>
#include <nest/io/npy.h>
#include <nest/runtime/session.h>
#include <nest/text/tokenizer.h>

int main(int argc, char** argv) try {
  if (argc != 4)
    return std::fprintf(stderr, "usage: embed_runtime MODEL SIGNAL.npy EMISSIONS.npy\n"), 2;
  const auto prepared = nest::deploy::load_prepared(argv[1], {}, nest::graph::Precision::kInt8);
  const auto& model = prepared->model();
  // [channels, samples] as recorded, in the model's channels, rate and unit; prepare() takes others
  // too, if the source says what it has.
  const nest::Tensor window = nest::contract::prepare(
      nest::io::read_npy(argv[2]), nest::contract::source_of(model.signal), model.signal);

  // All memory is planned here; run() allocates nothing, locks nothing, throws nothing.
  nest::runtime::Session encoder(prepared, "encoder", {{"B", 1}, {"T", window.dim(1)}});
  const std::int64_t frames = encoder.shape("encoder_output")[1];
  nest::runtime::Session head(prepared, "ctc_head", {{"B", 1}, {"T", frames}});

  std::ranges::copy(window.data<float>(), encoder.input("eeg_data").begin());
  encoder.run();
  std::ranges::copy(encoder.output("encoder_output"), head.input("encoder_output").begin());
  head.run();

  const auto emissions = head.output("log_probs");
  nest::io::write_npy(argv[3], nest::Tensor::from({frames, model.vocabulary.size}, emissions));
  nest::decode::GreedyDecoder decoder({.vocab_size = model.vocabulary.size}, {});
  const auto tokenizer = nest::text::tokenizer_from_json(model.vocabulary.tokenizer);
  std::printf("%s\n", tokenizer->text_of(decoder.decode(emissions).front().tokens).c_str());
} catch (const nest::Error& error) {
  std::fprintf(stderr, "embed_runtime: %s\n", error.what());
  return nest::exit_code(error.code());
}
