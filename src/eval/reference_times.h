#pragma once

#include <string>
#include <vector>

#include "nest/data/dataset.h"
#include "nest/io/recording.h"

namespace nest::eval {

/// When an utterance was said, in seconds since the recording's first sample.
struct TimedUtterance {
  std::string id;
  double begin_s = 0;
  double end_s = 0;
};

/// Every utterance of one recording on the recording's time, whatever its split. Samples that a
/// recording lacks between its segments count as time.
class ReferenceTimes {
 public:
  /// `like`: an utterance of that recording.
  ReferenceTimes(const data::Dataset& dataset, const data::Utterance& like,
                 const io::RecordingInfo& info);

  /// The utterance that covers a time, else the nearest that is at most `margin_s` away; else null.
  const TimedUtterance* at(double time_s, double margin_s) const;
  /// End of the last utterance before a time, 0 if there is none.
  double pause_before(double time_s) const;
  /// By id; null if there is none.
  const TimedUtterance* find(const std::string& id) const;
  /// Of a recording of `signal_s`: seconds in which nothing is said.
  double background_s(double signal_s) const;

 private:
  std::vector<TimedUtterance> utterances_;  ///< by begin_s
};

}  // namespace nest::eval
