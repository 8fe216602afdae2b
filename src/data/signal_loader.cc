#include "data/signal_loader.h"

#include <algorithm>
#include <cmath>

#include "nest/contract/processor.h"
#include "nest/core/error.h"

namespace nest::data {
namespace {

/// Running statistics remember longer than filters: 1 % is left after this many time constants.
constexpr double kRunningTimeConstants = 5;

std::int64_t lead_samples(const contract::ContractProcessor& processor, const DatasetInfo& info,
                          const LoadOptions& options) {
  if (!processor.has_memory()) return 0;
  double seconds = Dataset::kLeadInSeconds;
  if (options.normalize && info.signal.normalization == graph::Normalization::kRunning) {
    seconds += kRunningTimeConstants * info.signal.running_s;
  }
  return static_cast<std::int64_t>(std::ceil(seconds * processor.match().rate_hz));
}

void require_finite(const io::RecordingInfo& recording, const std::vector<int>& rows,
                    std::int64_t first, const Tensor& samples) {
  const double* values = samples.data<double>().data();
  const std::int64_t count = samples.dim(1);
  for (const int row : rows) {
    for (std::int64_t k = 0; k < count; ++k, ++values) {
      if (std::isfinite(*values)) continue;
      throw ProblemError(
          ProblemKind::kNotFinite, ErrorCode::kDataCorrupt,
          fmt::format("channel {} sample {} is {}; repair the file or leave the utterance out",
                      recording.channels[static_cast<std::size_t>(row)].name, first + k, *values));
    }
  }
}

ProblemKind problem_kind(contract::MismatchKind kind) {
  if (kind == contract::MismatchKind::kRate) return ProblemKind::kWrongRate;
  return kind == contract::MismatchKind::kUnit ? ProblemKind::kWrongUnit
                                               : ProblemKind::kMissingChannel;
}

}  // namespace

contract::SourceMatch match_recording(const io::RecordingInfo& recording, const DatasetInfo& info,
                                      const std::string& name) {
  contract::MatchOptions options{.resample = info.resample};
  // Numbers without a unit are what dataset.json says, in volts or in a unit of the contract's own.
  options.unit = io::volts_per_unit(info.signal.unit) ? "V" : info.signal.unit;
  options.gain = info.file_gain;
  options.offset = info.file_offset;
  contract::SourceMatch match =
      contract::compare(contract::source_of(recording, name), info.signal, options);
  for (const contract::Mismatch& mismatch : match.mismatches) {
    throw ProblemError(problem_kind(mismatch.kind), ErrorCode::kDataCorrupt, mismatch.message);
  }
  return match;
}

const io::Segment& segment_of(const io::RecordingInfo& recording, std::int64_t first,
                              std::int64_t count) {
  for (const io::Segment& segment : recording.segments) {
    const std::int64_t end = segment.first_sample + segment.num_samples;
    if (first >= end && !(count == 0 && first == end)) continue;
    if (first + count <= end) return segment;
    throw ProblemError(
        ProblemKind::kGap, ErrorCode::kInvalidArgument,
        fmt::format("samples [{}, {}) run over a gap at sample {}", first, first + count, end));
  }
  throw ProblemError(ProblemKind::kBadRange, ErrorCode::kInvalidArgument,
                     fmt::format("samples [{}, {}) leave the recording of {} samples", first,
                                 first + count, recording.num_samples));
}

RangePlan plan_range(const io::Segment& segment, const SampleRange& range,
                     signal::ResampleRatio ratio, std::int64_t lead, std::int64_t delay) {
  const std::int64_t begin = range.first_sample - segment.first_sample;
  const std::int64_t end = begin + range.num_samples;
  // The first result at or after a sample; result m belongs to sample m down / up.
  const auto result_at = [&](std::int64_t sample) {
    return (sample * ratio.up + ratio.down - 1) / ratio.down;
  };
  // A run-in begins where a result falls on a sample, so that the grid stays the segment's.
  const std::int64_t periods = std::max<std::int64_t>(0, begin - lead) / ratio.down;
  const std::int64_t start = periods * ratio.down;
  RangePlan plan;
  plan.read_first = segment.first_sample + start;
  plan.read_count = std::min(end + delay, segment.num_samples) - start;
  plan.skip = result_at(begin) - periods * ratio.up;
  plan.samples = result_at(end) - result_at(begin);
  return plan;
}

LoadedRange load_range(const io::Recording& recording, const contract::SourceMatch& match,
                       const DatasetInfo& info, const SampleRange& range,
                       const LoadOptions& options, Tensor& out, std::int64_t column) {
  contract::ContractProcessor processor(info.signal, match.packed(),
                                        {.filter = options.filter, .normalize = options.normalize});
  const io::RecordingInfo& about = recording.info();
  const RangePlan plan =
      plan_range(segment_of(about, range.first_sample, range.num_samples), range, match.ratio,
                 lead_samples(processor, info, options), processor.delay_samples());
  const std::vector<int> rows(match.rows.begin(), match.rows.end());
  const Tensor samples = recording.read(rows, plan.read_first, plan.read_count, DType::kF64);
  require_finite(about, rows, plan.read_first, samples);
  const Tensor made = contract::process_all(processor, samples);
  float* target = out.mutable_data<float>().data() + column;
  for (std::int64_t c = 0; c < made.dim(0); ++c) {
    const float* from = made.data<float>().data() + c * made.dim(1) + plan.skip;
    std::copy_n(from, plan.samples, target + c * out.dim(1));
  }
  return {plan.samples, processor.amplitude_warning().value_or("")};
}

}  // namespace nest::data
