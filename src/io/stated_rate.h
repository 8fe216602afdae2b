#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace nest::io {

/// True for the names under which files of plain variables (MATLAB, NPZ) keep their sampling rate.
inline bool is_rate_name(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {"fs",    "Fs",   "FS",           "srate",
                                                      "sfreq", "rate", "sampling_rate"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// True for a rate that a recording can have.
inline bool is_rate(double rate_hz) {
  return rate_hz > 0 && rate_hz < 1e8;
}

}  // namespace nest::io
