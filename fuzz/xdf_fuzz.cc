// XDF: chunks, stream headers, samples, clock offsets.
#include "io/xdf.h"
#include "open_and_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return nest::fuzz::open_and_read(data, size, nest::io::open_xdf);
}
