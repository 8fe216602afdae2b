// Any bytes: tensors or an Error; what was accepted is written and read back the same.
#include <cstdint>
#include <sstream>

#include "io/bytes.h"
#include "io/safetensors.h"
#include "nest/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nest::io;
  Safetensors content;
  try {
    content = parse_safetensors({reinterpret_cast<const std::byte*>(data), size}, nullptr);
    from_safetensors(unpacked(content));
  } catch (const nest::Error& error) {
    if (nest::exit_code(error.code()) != 3) __builtin_trap();
    return 0;
  }
  std::ostringstream out;
  write_safetensors(out, content);
  const Safetensors back = parse_safetensors(as_bytes(out.view()), nullptr);
  if (back.metadata != content.metadata || back.tensors.size() != content.tensors.size()) {
    __builtin_trap();
  }
  for (const auto& [name, tensor] : content.tensors) {
    if (!bit_equal(back.tensors.at(name), tensor)) __builtin_trap();
  }
  return 0;
}
