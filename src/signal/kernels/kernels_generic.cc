#define NEST_SIGNAL_ISA generic
#define NEST_SIGNAL_ISA_VALUE Isa::kGeneric
#define NEST_SIGNAL_BYTES 16
#include "kernels.inc"
