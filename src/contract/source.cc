#include "nest/contract/source.h"

#include "nest/contract/electrode.h"

namespace nest::contract {

std::vector<SourceChannel> unnamed_channels(std::int64_t count, const std::string& unit) {
  return std::vector<SourceChannel>(static_cast<std::size_t>(count), {"", unit});
}

std::vector<SourceChannel> named_channels(const std::vector<std::string>& names,
                                          const std::string& unit) {
  std::vector<SourceChannel> channels;
  for (const std::string& name : names) channels.push_back({name, unit});
  return channels;
}

SourceInfo source_of(const io::RecordingInfo& recording, const std::string& name) {
  SourceInfo info{.name = name, .rate_hz = recording.rate_hz};
  for (const io::ChannelInfo& channel : recording.channels) {
    info.channels.push_back({channel.name, channel.unit});
  }
  info.num_samples = recording.num_samples;
  return info;
}

SourceInfo source_of(const graph::SignalContract& contract) {
  SourceInfo info{.name = "signal", .rate_hz = contract.rate_hz};
  if (contract.channels.empty()) {
    info.channels = unnamed_channels(contract.num_channels, contract.unit);
    return info;
  }
  info.channels = named_channels(contract.channels, contract.unit);
  const std::string& ref = contract.ref_electrode;
  if (!ref.empty() && ref != "average" && find_electrode(contract.channels, ref).row < 0) {
    info.channels.push_back({ref, contract.unit});
  }
  return info;
}

}  // namespace nest::contract
