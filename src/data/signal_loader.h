#pragma once

#include <memory>
#include <vector>

#include "nest/core/tensor.h"
#include "nest/data/dataset.h"
#include "nest/io/recording.h"

namespace nest::data {

/// How the channels of a recording become those of a contract.
struct ChannelMap {
  std::vector<int> channels;  // recording channels, in contract order
  int ref_channel = -1;       // a named reference electrode that is no contract channel or one
  std::vector<double> gain;   // to the contract's unit, per contract channel
  std::vector<double> offset;
  double ref_gain = 1;
  double ref_offset = 0;
};

/// Errors: NotFound (channel), InvalidArgument (unit, count).
ChannelMap map_channels(const io::RecordingInfo& recording, const DatasetInfo& info);

/// The segment that holds [first, first + count), or an error that says where the gap is.
const io::Segment& segment_of(const io::RecordingInfo& recording, std::int64_t first,
                              std::int64_t count);

/// Reads, references and filters one range into `out` [channels, stride] from column `column`.
void load_range(const io::Recording& recording, const ChannelMap& map, const DatasetInfo& info,
                std::int64_t first, std::int64_t count, bool filter, Tensor& out,
                std::int64_t column);

/// Applies the contract's normalisation in place: "none", "fixed", or of the utterance by itself
/// ("zscore", "robust", "whiten"; signal/window_norm.h).
void normalize(const graph::SignalContract& contract, Tensor& signal);

}  // namespace nest::data
