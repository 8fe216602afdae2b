#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "nest/stream/source.h"

/// The FieldTrip buffer's network protocol, version 1 (fieldtriptoolbox.org, "realtime buffer
/// protocol"): little-endian requests and answers over TCP.
namespace nest::stream::fieldtrip {

constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kGetHeader = 0x201, kGetData = 0x202, kGetOk = 0x204, kGetError = 0x205;
constexpr std::uint16_t kWait = 0x402, kWaitOk = 0x404, kWaitError = 0x405;
constexpr std::uint32_t kChannelNames = 1;  ///< chunk of the header

struct Message {
  std::uint16_t version = kVersion;
  std::uint16_t command = 0;
  std::uint32_t size = 0;  ///< of what follows, in bytes
};
static_assert(sizeof(Message) == 8);

struct HeaderDef {
  std::uint32_t channels = 0, samples = 0, events = 0;
  float rate_hz = 0;
  std::uint32_t data_type = 0;
  std::uint32_t size = 0;  ///< of the chunks that follow
};
static_assert(sizeof(HeaderDef) == 24);

struct DataDef {
  std::uint32_t channels = 0, samples = 0, data_type = 0, size = 0;
};
struct DataSelection {
  std::uint32_t begin = 0, end = 0;  ///< both included
};
struct WaitDef {
  std::uint32_t samples = 0, events = 0, timeout_ms = 0;
};
struct WaitAnswer {
  std::uint32_t samples = 0, events = 0;
};

/// Bytes of one value; 0 for a type that the protocol does not have.
std::size_t type_bytes(std::uint32_t data_type);
double value_at(const char* bytes, std::uint32_t data_type);
/// Names in a header's chunks; empty if there is no such chunk.
std::vector<std::string> channel_names(std::span<const char> chunks);

}  // namespace nest::stream::fieldtrip
