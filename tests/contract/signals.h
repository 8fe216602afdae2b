#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "nest/contract/processor.h"
#include "nest/core/rng.h"
#include "nest/io/edf.h"
#include "nest/io/recording.h"

namespace nest::test {

/// EEG-like noise in volts with an offset and a drift of its own in every channel.
inline Tensor eeg_volts(std::int64_t channels, std::int64_t samples, std::uint64_t seed = 4) {
  Rng rng(seed, "contract_test");
  Tensor signal(DType::kF64, {channels, samples});
  double* value = signal.mutable_data<double>().data();
  for (std::int64_t c = 0; c < channels; ++c) {
    const double offset = 1e-4 * rng.normal();
    const double period = 3000 + 500 * static_cast<double>(c);
    for (std::int64_t t = 0; t < samples; ++t) {
      const double drift = 5e-5 * std::sin(6.28 * static_cast<double>(t) / period);
      *value++ = offset + drift + 1.5e-5 * rng.normal();
    }
  }
  return signal;
}

/// Writes an EDF file (its samples are whole steps of its resolution) and returns its path.
inline std::filesystem::path write_recording(const std::filesystem::path& path, double rate_hz,
                                             const std::vector<std::string>& channels,
                                             const Tensor& volts) {
  io::RecordingInfo info;
  info.rate_hz = rate_hz;
  for (const std::string& name : channels) info.channels.push_back({.name = name, .unit = "V"});
  io::write_edf(path, *io::make_recording(info, volts));
  return path;
}

}  // namespace nest::test
