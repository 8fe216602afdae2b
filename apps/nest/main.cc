#include <iostream>

#include "nest/core/flags.h"
#include "terminal.h"
#include "torch_half.h"

namespace nest {

// Each verb lives in verb_<name>.cc.
using AddVerb = void(CommandLine& line);
AddVerb add_convert, add_doctor, add_filter, add_score, add_import, add_inspect, add_dataset,
    add_synth, add_lm, add_run, add_stream, add_train, add_audit, add_bench, add_confidence,
    add_benchmark, add_compare, add_decode, add_report, add_export, add_quantize, add_prune,
    add_package, add_verify, add_profile, add_compress, add_serve;

constexpr AddVerb* kVerbs[] = {add_convert,   add_doctor,  add_filter,  add_score,  add_import,
                               add_dataset,   add_inspect, add_synth,   add_lm,     add_run,
                               add_stream,    add_train,   add_audit,   add_bench,  add_confidence,
                               add_benchmark, add_compare, add_decode,  add_report, add_export,
                               add_quantize,  add_prune,   add_package, add_verify, add_profile,
                               add_compress,  add_serve};

}  // namespace nest

int main(int argc, char** argv) {
  nest::host_library();
  nest::keep_command_line(argv);
  nest::register_torch();
  nest::CommandLine line("nest", "EEG-to-text sequence models, from checkpoint to live decoding",
                         "nest " NEST_VERSION);
  for (nest::AddVerb* add : nest::kVerbs) add(line);
  return nest::with_standard_output([&] { return line.run(argc, argv, std::cout, std::cerr); });
}
