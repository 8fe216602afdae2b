// BrainVision: header and marker texts, split at the first zero byte, over 1 KiB of data.
#include <string_view>

#include "io/brainvision.h"
#include "nest/core/error.h"
#include "open_and_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t split = text.find('\0');
  const std::string_view markers =
      split == std::string_view::npos ? std::string_view() : text.substr(split + 1);
  try {
    const auto recording = nest::io::open_brainvision(
        text.substr(0, split), markers,
        nest::io::ByteSource::from_memory(std::vector<std::byte>(1024, std::byte{0x41})));
    nest::fuzz::check_texts(recording->info());
    recording->read_all();
  } catch (const nest::Error&) {
  }
  return 0;
}
