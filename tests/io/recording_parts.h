#pragma once

#include <string>
#include <vector>

#include "nest/io/recording.h"

namespace nest::io {

inline std::vector<std::string> names(const Recording& recording) {
  std::vector<std::string> result;
  for (const ChannelInfo& channel : recording.info().channels) result.push_back(channel.name);
  return result;
}

/// All samples of one channel.
inline std::vector<double> row(const Recording& recording, int channel) {
  const std::vector<int> pick = {channel};
  const Tensor samples = recording.read(pick, 0, recording.info().num_samples, DType::kF64);
  return {samples.data<double>().begin(), samples.data<double>().end()};
}

}  // namespace nest::io
