#pragma once

#include <string>
#include <vector>

#include "nest/io/edf.h"

namespace nest::io {

inline constexpr double kEdfDigitalMin = -32768;
inline constexpr double kEdfDigitalMax = 32767;

/// How a channel's samples become 16-bit numbers.
struct EdfRange {
  std::string unit;          // as the header states it
  double scale = 1;          // from the channel's unit to that one
  double low = 0, high = 0;  // physical, in the file's unit
  double gain = 1;           // file units per digital step
  std::string low_text, high_text;
};

/// Of every channel: options' limits, or those of the data, which are read once.
/// Errors: InvalidArgument for samples that are not finite and for ranges that eight characters
/// cannot say.
std::vector<EdfRange> edf_ranges(const Recording& recording, const EdfWriteOptions& options);

}  // namespace nest::io
