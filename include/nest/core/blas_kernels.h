#pragma once

namespace nest {

/// Names in OPENBLAS_CORETYPE the kernels of OpenBLAS that this processor runs, unless something
/// stands there already. For a program that is about to be started: OpenBLAS reads it when it is
/// loaded. Left alone it looks into a list of processors that is as old as its release, and takes
/// kernels of SSE for a younger one (OpenBLAS issues 3620 and 6029).
void name_blas_kernels();

}  // namespace nest
