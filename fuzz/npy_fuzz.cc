// Any bytes: an array or an Error; what was accepted is written and read back the same.
#include <cstdint>
#include <sstream>

#include "io/bytes.h"
#include "nest/core/error.h"
#include "nest/io/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nest::io;
  nest::Tensor tensor;
  try {
    tensor = parse_npy({reinterpret_cast<const std::byte*>(data), size});
  } catch (const nest::Error& error) {
    if (nest::exit_code(error.code()) != 3) __builtin_trap();
    return 0;
  }
  std::ostringstream out;
  write_npy(out, tensor);
  if (!bit_equal(parse_npy(as_bytes(out.view())), tensor)) __builtin_trap();
  return 0;
}
