#define NEST_SIGNAL_ISA avx512
#define NEST_SIGNAL_ISA_VALUE Isa::kAvx512
#define NEST_SIGNAL_BYTES 64
#include "kernels.inc"
