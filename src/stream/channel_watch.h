#pragma once

#include <cstdint>
#include <vector>

#include "nest/contract/match.h"
#include "nest/signal/view.h"
#include "nest/stream/faults.h"

namespace nest::stream {

/// Tells, once a second of signal, which channels turned bad or good again.
///
/// State: thread-compatible; chunk-invariant. Cost: a few operations a sample, no allocation.
class ChannelWatch {
 public:
  struct Change {
    std::size_t channel = 0;  ///< of the contract
    FaultKind kind = FaultKind::kFlat;
    bool is_bad = false;
  };

  ChannelWatch(std::int64_t channels, const contract::SourceMatch& match, double noisy_factor);

  /// Shapes: [match.source_rows, n]. Changes are those of the seconds that ended.
  template <class T>
  void add(signal::SignalView<const T> samples);
  const std::vector<Change>& changes() const { return changes_; }
  bool is_any_bad() const { return num_bad_ > 0; }
  /// Part of the channels that are bad.
  double bad_share() const;
  /// Samples until the next change can be seen.
  std::int64_t until_change() const { return second_ - at_; }

 private:
  struct Channel {
    double first = 0;
    double last = 0;
    double energy = 0;  ///< of differences from sample to sample, in the contract's unit
    bool is_flat = true;
    bool is_finite = true;
    std::array<bool, 3> is_bad{};  ///< flat, noisy, not finite
  };
  void look(Channel& channel, double value);
  void close_second();
  void set(std::size_t channel, std::size_t which, bool is_bad);

  std::vector<std::int64_t> rows_;
  std::vector<double> gain_;
  std::vector<Channel> channels_;
  std::vector<double> sorted_;
  std::vector<Change> changes_;
  std::int64_t second_;
  std::int64_t at_ = 0;
  std::int64_t num_bad_ = 0;
  double noisy_factor_;
};

}  // namespace nest::stream
