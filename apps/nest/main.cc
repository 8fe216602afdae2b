#include <iostream>

#include "nest/core/flags.h"
#include "terminal.h"
#include "torch_half.h"
#include "verbs.h"

int main(int argc, char** argv) {
  nest::host_library();
  nest::keep_command_line(argv);
  nest::register_torch_executor();
  nest::CommandLine line("nest", "EEG-to-text sequence models, from checkpoint to live decoding",
                         "nest " NEST_VERSION);
  nest::add_all_verbs(line);
  return nest::with_standard_output([&] { return line.run(argc, argv, std::cout, std::cerr); });
}
