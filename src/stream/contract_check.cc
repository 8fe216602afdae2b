#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/io/recording.h"
#include "nest/stream/pipeline.h"

namespace nest::stream {
namespace {

/// "EEG Oz" and "oz" are the same electrode.
std::string plain(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name.starts_with("eeg ")) name = name.substr(4);
  return name;
}

}  // namespace

std::vector<std::int64_t> match_channels(const SourceInfo& source,
                                         const graph::SignalContract& contract) {
  require(
      std::abs(source.rate_hz - contract.rate_hz) <= 1e-6 * contract.rate_hz,
      ErrorCode::kDataCorrupt,
      "{}: {} Hz, but the model was made for {} Hz; resample the recording first (nest convert)",
      source.name, source.rate_hz, contract.rate_hz);
  std::vector<std::int64_t> picks;
  if (contract.channels.empty() || source.channels.empty()) {
    require(source.num_channels == contract.num_channels, ErrorCode::kDataCorrupt,
            "{}: {} channels without names, but the model takes {}", source.name,
            source.num_channels, contract.num_channels);
    for (std::int64_t c = 0; c < source.num_channels; ++c) picks.push_back(c);
    return picks;
  }
  std::vector<std::string> missing;
  for (const std::string& wanted : contract.channels) {
    const auto found =
        std::find_if(source.channels.begin(), source.channels.end(),
                     [&](const std::string& have) { return plain(have) == plain(wanted); });
    if (found == source.channels.end()) {
      missing.push_back(wanted);
    } else {
      picks.push_back(found - source.channels.begin());
    }
  }
  require(missing.empty(), ErrorCode::kDataCorrupt, "{}: channels {} are missing; there are: {}",
          source.name, fmt::join(missing, ", "), fmt::join(source.channels, ", "));
  return picks;
}

double unit_factor(const SourceInfo& source, const graph::SignalContract& contract) {
  const auto from = io::volts_per_unit(source.unit);
  const auto to = io::volts_per_unit(contract.unit);
  return from && to ? *from / *to : 1.0;
}

}  // namespace nest::stream
