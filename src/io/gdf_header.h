#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/io/byte_source.h"

namespace nest::io {

struct GdfSignal {
  std::string label;
  std::string unit;
  double physical_min = 0;
  double physical_max = 0;
  double digital_min = 0;
  double digital_max = 0;
  std::uint32_t samples_per_record = 0;
  std::uint32_t type = 0;  // GDFTYPE
  int sample_bytes = 0;
  std::uint64_t record_offset = 0;
  std::string problem;  // why its numbers mean nothing, "" if they do
};

struct GdfHeader {
  double version = 0;
  std::string start_time;
  std::uint64_t header_bytes = 0;
  std::int64_t declared_records = 0;
  std::uint64_t num_records = 0;
  double record_duration_s = 0;
  std::uint64_t record_bytes = 0;
  std::vector<GdfSignal> signals;
  std::vector<std::string> warnings;

  std::uint64_t data_end() const { return header_bytes + num_records * record_bytes; }
};

GdfHeader read_gdf_header(const ByteSource& source, bool allow_truncated);

}  // namespace nest::io
