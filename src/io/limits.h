#pragma once

namespace nest::io {

/// A file that states a higher sampling rate is damaged.
inline constexpr double kMaxRateHz = 1e8;

}  // namespace nest::io
