// Tables of numbers, Muse Monitor files.
#include <string_view>

#include "io/csv_recording.h"
#include "nest/core/error.h"
#include "open_and_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const char* stream : {"", "features"}) {
    try {
      nest::io::OpenOptions options;
      options.stream = stream;
      options.allow_truncated = options.stream.empty();
      const auto recording =
          nest::io::open_csv({reinterpret_cast<const char*>(data), size}, options);
      nest::fuzz::check_texts(recording->info());
      recording->read_all();
    } catch (const nest::Error&) {
    }
  }
  return 0;
}
