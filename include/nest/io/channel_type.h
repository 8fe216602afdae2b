#pragma once

#include <string_view>

#include "nest/io/recording.h"

namespace nest::io {

/// What a channel measures, from what people call such channels and from its unit.
///
/// "VEOG" is kEog, "ECG1" and "EEG EKG1-REF" kEcg, "chin EMG" kEmg, "STI 014", "Status", "Trigger"
/// kStim, "AUX2", "Resp", "GSR" and every unit that is no voltage kMisc. Anything else in volts, or
/// without a unit, is kEeg: montages have too many names to list.
ChannelType guess_channel_type(std::string_view name, std::string_view unit);

/// "eeg", "VEOG", "TRIG", "seeg", ... as BIDS, MNE, BrainVision and EEGLAB write types; kUnknown
/// for any other word. Source: BIDS 1.9, channels.tsv.
ChannelType channel_type_from_name(std::string_view name);

/// The type the file states, else the guess.
ChannelType type_of(const ChannelInfo& channel);

}  // namespace nest::io
