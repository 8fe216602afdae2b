#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/io/byte_source.h"
#include "nest/io/recording.h"

namespace nest::io {

/// One data buffer: [samples, channels] in the file.
struct FifBuffer {
  std::uint64_t offset = 0;
  std::int32_t type = 0;
  std::int64_t first_sample = 0;  ///< in the counting of the measurement, skips included
  std::int64_t num_samples = 0;
};

/// What one FIF file says of a raw recording.
struct FifHeader {
  double rate_hz = 0;
  std::vector<ChannelInfo> channels;
  std::vector<double> gain;  ///< per channel: value = gain * stored
  double meas_date_s = 0;    ///< of sample 0 of the measurement, seconds since 1970
  bool has_meas_date = false;
  std::vector<FifBuffer> buffers;
  std::vector<Annotation> annotations;  ///< onsets from the first sample of the file
  std::string next_file;                ///< of a recording split over files, "" in the last
  std::vector<std::string> warnings;
};

/// Errors: DataCorrupt naming tag and byte; Unsupported for data that are no raw recording.
FifHeader read_fif_header(const ByteSource& source, bool allow_truncated);

}  // namespace nest::io
