#define NEST_SIGNAL_ISA avx2
#define NEST_SIGNAL_ISA_VALUE Isa::kAvx2
#define NEST_SIGNAL_BYTES 32
#include "kernels.inc"
