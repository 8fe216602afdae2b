// FIF: tags, channels, buffers and skips, annotations.
#include "io/fif.h"
#include "open_and_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return nest::fuzz::open_and_read(
      data, size, [](std::shared_ptr<const nest::io::ByteSource> source, const auto& options) {
        return nest::io::open_fif(std::move(source), options);
      });
}
