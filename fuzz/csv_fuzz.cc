// Tables of numbers, Muse Monitor files.
#include <string_view>

#include "nest/core/error.h"
#include "nest/io/csv_recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const char* stream : {"", "features"}) {
    try {
      nest::io::OpenOptions options;
      options.stream = stream;
      nest::io::open_csv({reinterpret_cast<const char*>(data), size}, options)->read_all();
    } catch (const nest::Error&) {
    }
  }
  return 0;
}
