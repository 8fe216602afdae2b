#include "torch_half.h"
#include "verb.h"

namespace nest {

void add_train(CommandLine& line) {
  line.add_verb("train", "Train a model on a dataset folder; a stopped run can be resumed exactly",
                define_train);
}

}  // namespace nest
