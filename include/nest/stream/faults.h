#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"

namespace nest::stream {

/// What can be wrong with a signal on its way.
enum class FaultKind {
  kLost,        ///< samples that never came
  kDuplicate,   ///< samples that came again; left out
  kReordered,   ///< a delivery that came before an earlier one; put in order
  kLate,        ///< samples that came when they had been given up; left out
  kClockJump,   ///< time stamps that leave the samples' own count
  kRate,        ///< a rate other than the stated one
  kFlat,        ///< a channel that holds one value
  kNoisy,       ///< a channel far louder than the others
  kNotFinite,   ///< a channel with NaN or infinite values
  kDisconnect,  ///< the source was gone for a while
  kOverflow,    ///< samples dropped because they came faster than they were decoded
  kGated,       ///< samples without text because too many channels were bad
};
inline constexpr std::size_t kFaultKinds = 12;
EnumTable enum_table(FaultKind of);  ///< "lost", "duplicate", "reordered", ...

/// One fault, told when it is known.
struct Fault {
  FaultKind kind = FaultKind::kLost;
  double time_s = 0;         ///< where in the stream, seconds since its first sample
  std::int64_t samples = 0;  ///< how many are concerned; 0 where that has no meaning
  std::string_view what;     ///< the channel's name, or what was done
};
/// {"kind", "time_s", "samples", "what"}
Json to_json(const Fault& fault);

/// How often each kind of fault occurred.
using FaultCounts = std::array<std::int64_t, kFaultKinds>;
std::int64_t count_of(const FaultCounts& counts, FaultKind kind);
/// By name, those that occurred.
Json to_json(const FaultCounts& counts);

/// What lost samples do.
enum class GapPolicy {
  kHold,         ///< the last sample goes on
  kInterpolate,  ///< a straight line to the next sample
  kReset,        ///< filters and model begin anew; text is masked for the warm-up
  kInvalid,      ///< a straight line, and no text from it nor from the warm-up behind it
  kStop,         ///< an error
};
EnumTable enum_table(GapPolicy of);  ///< "hold", "interpolate", "reset", "invalid", "stop"

/// What a bad channel does.
enum class ChannelPolicy {
  kHold,     ///< values that are not finite are replaced by the last good one; text goes on
  kInvalid,  ///< no text while a channel is bad
  kStop,     ///< an error
};
EnumTable enum_table(ChannelPolicy of);  ///< "hold", "invalid", "stop"

struct FaultOptions {
  GapPolicy gap = GapPolicy::kReset;
  double max_fill_s = 0.5;  ///< longest gap that is filled; a longer one resets
  double warm_up_s = 0;     ///< no text so long behind a reset or an invalid stretch
  ChannelPolicy channel = ChannelPolicy::kHold;
  double noisy_factor =
      20;                  ///< a channel so many times louder than the median one is noisy; 0: off
  double gate_share = 0;   ///< no text while so large a part of the channels is bad; 0: no gate
  double reorder_s = 0.2;  ///< how long a missing delivery is waited for, in signal
};
void visit_fields(FieldVisitor& visitor, FaultOptions& options);

}  // namespace nest::stream
