// decode_array MODEL SIGNAL.npy RATE UNIT NAME...: raw samples to text in one call.
#include <cstdio>
#include <cstdlib>

#include <nest/core/error.h>
#include <nest/io/npy.h>
#include <nest/recognize/signal_recognizer.h>

int main(int argc, char** argv) try {
  if (argc < 6)
    return std::fprintf(stderr, "usage: decode_array MODEL SIGNAL.npy RATE UNIT NAME...\n"), 2;
  // [channels, samples] as an amplifier gives them: any order, more channels than the model needs,
  // any voltage. The model's contract is carried out on them, filters and normalisation included.
  const nest::Tensor samples = nest::io::read_npy(argv[2]);
  const nest::contract::SourceInfo source{
      .name = argv[2],
      .rate_hz = std::atof(argv[3]),
      .channels = nest::contract::named_channels({argv + 5, argv + argc}, argv[4])};

  nest::recognize::SignalRecognizer recognizer(nest::recognize::load_bundle(argv[1]), {},
                                               {.resample = true});
  const nest::decode::Recognition found = recognizer.recognize(samples, source);
  std::printf("%s\n", found.text.c_str());
} catch (const nest::Error& error) {
  std::fprintf(stderr, "decode_array: %s\n", error.what());
  return nest::exit_code(error.code());
}
