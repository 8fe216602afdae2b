#pragma once

#include <algorithm>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::fuzz {

/// Whatever the bytes were, its texts are UTF-8: the library's strict writer would throw.
inline void check_texts(const io::RecordingInfo& info) {
  to_json(info).dump();
}

/// Opens bytes as a recording with one reader, strictly and leniently, and reads from its middle.
template <class Open>
int open_and_read(const std::uint8_t* data, std::size_t size, const Open& open) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const auto source = io::ByteSource::from_memory({bytes, bytes + size});
  for (const bool allow_truncated : {false, true}) {
    try {
      io::OpenOptions options;
      options.allow_truncated = allow_truncated;
      const auto recording = open(source, options);
      check_texts(recording->info());
      const std::int64_t length = recording->info().num_samples;
      recording->read({}, length / 2, std::min<std::int64_t>(length - length / 2, 4096));
    } catch (const Error&) {
    }
  }
  return 0;
}

}  // namespace nest::fuzz
