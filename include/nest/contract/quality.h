#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "nest/contract/match.h"
#include "nest/signal/view.h"

namespace nest::contract {

/// What is wrong with one channel so far.
struct ChannelQuality {
  std::int64_t non_finite = 0;  ///< NaN and infinite values
  std::int64_t flat = 0;        ///< samples in stretches of one value of half a second or longer
  /// Samples held at the channel's largest or smallest value, if it stopped there three times or
  /// more for three samples or longer: an amplifier at its limit.
  std::int64_t clipped = 0;

  bool is_good() const { return non_finite == 0 && flat == 0 && clipped == 0; }
};

/// Counts what is wrong with the channels of a contract as a source delivers them, before anything
/// is replaced or filtered.
///
/// State: thread-compatible; chunk-invariant. Cost: a few comparisons a sample; add() allocates
/// nothing.
class QualityMonitor {
 public:
  QualityMonitor(const graph::SignalContract& contract, const SourceMatch& match);

  /// Shapes: [match.source_rows, n]
  void add(signal::SignalView<const float> samples) noexcept;
  void add(signal::SignalView<const double> samples) noexcept;
  /// Samples are missing here: no stretch goes on beyond.
  void end_segment() noexcept;

  /// One a contract channel.
  std::vector<ChannelQuality> channels() const;
  std::int64_t samples() const noexcept { return samples_; }

 private:
  /// One end of a channel's range, and how often it stopped there.
  struct Rail {
    double value = 0;
    std::int64_t stops = 0;
    std::int64_t held = 0;
  };
  struct Channel {
    double previous = std::numeric_limits<double>::quiet_NaN();
    std::int64_t run = 0;
    std::int64_t non_finite = 0;
    std::int64_t flat = 0;
    Rail low{std::numeric_limits<double>::infinity()};
    Rail high{-std::numeric_limits<double>::infinity()};
  };
  template <class T>
  void add_all(signal::SignalView<const T> samples) noexcept;
  void look(Channel& channel, double value) noexcept;

  std::vector<std::int64_t> rows_;
  std::vector<Channel> channels_;
  std::int64_t flat_samples_;
  std::int64_t samples_ = 0;
};

/// The contract's name of a channel, "channel 3" if it has none.
std::string channel_name(const graph::SignalContract& contract, std::size_t channel);

/// "Fz: 12 values NaN or infinite; T7: flat for 35.0 s; O1: clipped in 523 samples"; "" if all is
/// well.
std::string describe(const QualityMonitor& monitor, const graph::SignalContract& contract,
                     double rate_hz);

}  // namespace nest::contract
