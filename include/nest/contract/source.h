#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/graph/signal_contract.h"
#include "nest/io/recording.h"

namespace nest::contract {

struct SourceChannel {
  std::string name = {};  ///< "" if the source does not name it
  std::string unit = {};  ///< of the numbers it delivers ("V", "uV"); "" if the source does not say
};

/// What a signal says about itself: a file, a socket, an amplifier, an array.
struct SourceInfo {
  std::string name = {};  ///< "file:session.edf"; begins error messages
  double rate_hz = 0;
  std::vector<SourceChannel> channels = {};
  std::int64_t num_samples = 0;  ///< 0 if unknown (live)

  std::int64_t num_channels() const { return static_cast<std::int64_t>(channels.size()); }
};

/// Channels without names that share a unit.
std::vector<SourceChannel> unnamed_channels(std::int64_t count, const std::string& unit);
/// Channels that share a unit.
std::vector<SourceChannel> named_channels(const std::vector<std::string>& names,
                                          const std::string& unit);
/// What Recording::read() delivers.
SourceInfo source_of(const io::RecordingInfo& recording, const std::string& name);
/// What fits a contract as it is: its channels in its order, rate and unit, and a named reference
/// electrode that is no channel of it as one more channel at the end.
SourceInfo source_of(const graph::SignalContract& contract);

}  // namespace nest::contract
