#pragma once

#include <memory>
#include <string_view>

#include "nest/io/recording.h"

namespace nest::io {

/// A table of numbers as text: one row a sample, one column a channel; comma, semicolon or tab.
///
/// Cells may be quoted (RFC 4180). Where semicolons or tabs separate them a comma inside a number
/// is the decimal mark. A first line that is no number names the channels; a column without a
/// single number is left out with a warning. A column named time, timestamp, t, seconds (in
/// seconds) gives the rate unless options.rate_hz does. Units are unknown (""). Empty cells are
/// NaN. Files of the Muse Monitor application are recognised: the RAW_ columns in microvolts, other
/// columns as stream "features", markers in column Elements as annotations.
/// The whole table is held in memory.
/// Errors: DataCorrupt naming line and column, also where the file ends within a row unless
/// options.allow_truncated.
std::shared_ptr<const Recording> open_csv(std::string_view text, const OpenOptions& options = {});

}  // namespace nest::io
