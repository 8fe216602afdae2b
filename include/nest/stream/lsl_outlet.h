#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nest/stream/event.h"
#include "nest/stream/source.h"

namespace nest::stream {

/// Decoded text as a stream of the Lab Streaming Layer, type "Markers", two text channels:
/// "committed" with what a hop added, or "segment" with the text of one that ended.
///
/// A committed piece is stamped with the time at which the newest sample behind it was taken, a
/// segment with the end of its last token, in the clock of liblsl, for sources that deliver at the
/// signal's own pace.
class LslOutlet {
 public:
  /// Errors: Unsupported when liblsl is not installed.
  LslOutlet(const std::string& name, Clock& clock);
  ~LslOutlet();

  /// `committed`: what the event added to the text.
  void push(const StreamEvent& event, const std::string& committed);
  /// Waits until somebody listens; false after `timeout_s`.
  bool wait_for_consumers(double timeout_s) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What answers in the Lab Streaming Layer within `wait_s`: "NAME (EEG): 8 channels at 250 Hz,
/// source id X on HOST". Errors: Unsupported when liblsl is not installed.
std::vector<std::string> list_lsl_streams(double wait_s);

/// What `nest stream --list` prints: streams and boards, and for what is not installed the remedy.
std::string list_sources();

}  // namespace nest::stream
