// GDF 1 and 2: header, samples, event table.
#include <algorithm>

#include "nest/core/error.h"
#include "nest/io/gdf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const auto source = nest::io::ByteSource::from_memory({bytes, bytes + size});
  for (const bool allow_truncated : {false, true}) {
    try {
      nest::io::OpenOptions options;
      options.allow_truncated = allow_truncated;
      const auto recording = nest::io::open_gdf(source, options);
      const std::int64_t length = recording->info().num_samples;
      recording->read({}, length / 2, std::min<std::int64_t>(length - length / 2, 4096));
    } catch (const nest::Error&) {
    }
  }
  return 0;
}
