#pragma once

#include <string>

#include "nest/contract/match.h"
#include "nest/core/tensor.h"
#include "nest/data/dataset.h"
#include "nest/io/recording.h"

namespace nest::data {

/// A dataset's recording matched with the dataset's contract; `name` is for messages.
/// Errors: ProblemError kWrongRate, kMissingChannel or kWrongUnit.
contract::SourceMatch match_recording(const io::RecordingInfo& recording, const DatasetInfo& info,
                                      const std::string& name);

/// The segment that holds [first, first + count), or an error that says where the gap is.
const io::Segment& segment_of(const io::RecordingInfo& recording, std::int64_t first,
                              std::int64_t count);

/// Where a range of a recording lies on the contract's sampling grid, which begins with the range's
/// segment, and what must be read to have it.
struct RangePlan {
  std::int64_t read_first = 0;  ///< file samples
  std::int64_t read_count = 0;
  std::int64_t skip = 0;     ///< results of the run-in
  std::int64_t samples = 0;  ///< results of the range
};
/// `lead` file samples of run-in at most, `delay` file samples behind the range (the resampler's).
RangePlan plan_range(const io::Segment& segment, const SampleRange& range,
                     signal::ResampleRatio ratio, std::int64_t lead, std::int64_t delay);

struct LoadedRange {
  std::int64_t samples = 0;  ///< written
  std::string warning;       ///< of an implausible amplitude, or ""
};
/// Reads a range and carries out the contract on it, but for a normalisation of the whole
/// utterance; writes into `out` [channels, stride] from column `column`.
LoadedRange load_range(const io::Recording& recording, const contract::SourceMatch& match,
                       const DatasetInfo& info, const SampleRange& range,
                       const LoadOptions& options, Tensor& out, std::int64_t column);

}  // namespace nest::data
