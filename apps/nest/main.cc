#include "nest/core/flags.h"
#include "nest/core/progress.h"
#include "torch_half.h"
#include "verbs.h"

int main(int argc, char** argv) {
  nest::install_interrupt_handler();
  nest::keep_command_line(argv);
  nest::CommandLine line("nest", "EEG-to-text sequence models, from checkpoint to live decoding",
                         "nest " NEST_VERSION);
  nest::add_all_verbs(line);
  return line.run(argc, argv);
}
