#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>

#include "nest/contract/source.h"
#include "nest/core/options_fwd.h"
#include "nest/io/recording.h"
#include "nest/signal/view.h"

namespace nest::stream {

/// What a source delivers: rate, channels with their names and units.
using SourceInfo = contract::SourceInfo;

/// One delivery of samples.
struct Chunk {
  std::int64_t samples = 0;  ///< filled columns; 0 means the source has ended
  /// Stamp of the first sample, seconds from the source's start; NaN: the source has none.
  double time_s = std::numeric_limits<double>::quiet_NaN();
  double arrival_s = 0;       ///< Clock::now_s() when the chunk became available
  std::int64_t lost = 0;      ///< samples known to be missing before this chunk
  std::int64_t repeated = 0;  ///< samples that came a second time before it, left out
  /// The source's own number of the first sample; -1: it counts none, and its deliveries are taken
  /// as they come.
  std::int64_t first_sample = -1;
  std::int64_t dropped = 0;     ///< of the lost ones, those that came faster than they were read
  double age_s = 0;             ///< of the newest sample at arrival, if the source can tell
  bool is_reconnected = false;  ///< the source was gone before it
};

/// The time a pipeline lives by; injected so that tests need no sleeping.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual double now_s() = 0;
  /// Returns at `time_s` or later; false if a stop was requested meanwhile.
  virtual bool wait_until(double time_s) = 0;
};
/// Steady wall clock that starts at 0. `stop` ends its waiting.
std::unique_ptr<Clock> make_wall_clock(std::stop_token stop = {});

/// A stream of multichannel samples.
///
/// State: used by one thread. read() is the only place where a pipeline may block.
class Source {
 public:
  virtual ~Source() = default;
  virtual const SourceInfo& info() const = 0;
  /// False if it delivers as fast as it is read, so that waiting means nothing.
  virtual bool is_paced() const { return true; }
  /// Whether Chunk::arrival_s follows the signal's own time.
  virtual bool has_arrival_times() const { return is_paced(); }
  /// Writes up to into.samples columns; blocks until at least one sample or the end is there.
  ///
  /// Shapes: into [info().num_channels(), capacity], in the channels' units
  /// Errors: Io when the connection breaks, DataCorrupt for a malformed header or frame.
  virtual Chunk read(signal::SignalView<double> into) = 0;
};

struct SourceOptions {
  /// "file:FILE", "tcp:HOST:PORT", "lsl:QUERY", "brainflow:BOARD", "fieldtrip:HOST:PORT",
  /// "arrivals:FILE", "stdin"
  std::string source;
  bool real_time = false;   ///< file replay: deliver at the recorded pace
  int chunk_samples = 0;    ///< file replay: samples a delivery; 0: rate / 25
  double timeout_s = 10;    ///< connecting and waiting for the next sample of a live source
  std::string record = {};  ///< file of arrivals to write; empty: none
  double buffer_s = 0;      ///< signal that may wait; more is dropped; 0: as the source itself does
  double reconnect_s = 0;   ///< how long a source that is gone is tried again; 0: it has ended
};
void visit_fields(FieldVisitor& visitor, SourceOptions& options);

/// Opens a source by its name. Any EEG file that io reads can follow "file:" ("edf:" is the same).
/// Errors: InvalidArgument for an unknown scheme (lists the known ones), NotFound, Io, Unsupported
/// when liblsl is not installed.
/// State: once `stop` is requested, a live source that waits for samples has ended.
std::unique_ptr<Source> open_source(const SourceOptions& options, Clock& clock,
                                    std::stop_token stop = {});

/// A source that is opened anew when it ends or breaks, for `within_s` each time; the time it was
/// gone is lost samples. Errors: those of `open` after `within_s`; DataCorrupt if what comes back
/// has other channels or another rate.
std::unique_ptr<Source> reconnecting(std::unique_ptr<Source> source,
                                     std::function<std::unique_ptr<Source>()> open, double within_s,
                                     Clock& clock, std::stop_token stop = {});

/// A recording as a source, as SourceOptions says; gaps between its segments arrive as lost
/// samples. Errors: DataCorrupt if it states no rate.
std::unique_ptr<Source> replay(std::shared_ptr<const io::Recording> recording, std::string name,
                               Clock& clock, const SourceOptions& options = {});

/// The wire format of tcp: and stdin (docs/stream.md): one line of JSON
/// {"rate_hz": 250, "channels": ["Oz", …], "unit": "uV"}, all three needed, with "type": "int16"
/// and "gain": 0.5 if wanted, then little-endian frames, one float32 (int16) a channel. `fd` is
/// closed at the end if `owns`.
std::unique_ptr<Source> open_framed_source(int fd, bool owns, std::string name, double timeout_s,
                                           Clock& clock, std::stop_token stop = {});

}  // namespace nest::stream
