#include "reference_times.h"

#include <algorithm>
#include <limits>

namespace nest::eval {
namespace {

double seconds_of(const io::RecordingInfo& info, std::int64_t sample) {
  const auto& segments = info.segments;
  std::size_t at = 0;
  while (at + 1 < segments.size() && segments[at + 1].first_sample <= sample) ++at;
  return segments[at].time_s - segments.front().time_s +
         static_cast<double>(sample - segments[at].first_sample) / info.rate_hz;
}

}  // namespace

ReferenceTimes::ReferenceTimes(const data::Dataset& dataset, const data::Utterance& like,
                               const io::RecordingInfo& info) {
  for (const data::Utterance& utterance : dataset.utterances()) {
    if (utterance.signal != like.signal || utterance.stream != like.stream) continue;
    for (const data::SampleRange& range : utterance.ranges) {
      const std::int64_t end =
          range.num_samples < 0 ? info.num_samples : range.first_sample + range.num_samples;
      if (end <= range.first_sample) continue;
      const double last_s = seconds_of(info, end - 1);
      utterances_.push_back(
          {utterance.id, seconds_of(info, range.first_sample), last_s + 1 / info.rate_hz});
    }
  }
  std::ranges::stable_sort(utterances_, {}, &TimedUtterance::begin_s);
}

const TimedUtterance* ReferenceTimes::at(double time_s, double margin_s) const {
  const TimedUtterance* nearest = nullptr;
  double distance = std::numeric_limits<double>::infinity();
  for (const TimedUtterance& utterance : utterances_) {
    const double away = std::max({utterance.begin_s - time_s, time_s - utterance.end_s, 0.0});
    if (away > margin_s || away >= distance) continue;
    nearest = &utterance;
    distance = away;
  }
  return nearest;
}

double ReferenceTimes::pause_before(double time_s) const {
  double end_s = 0;
  for (const TimedUtterance& utterance : utterances_)
    if (utterance.end_s <= time_s) end_s = std::max(end_s, utterance.end_s);
  return end_s;
}

const TimedUtterance* ReferenceTimes::find(const std::string& id) const {
  const auto found = std::ranges::find(utterances_, id, &TimedUtterance::id);
  return found == utterances_.end() ? nullptr : &*found;
}

double ReferenceTimes::background_s(double signal_s) const {
  double said = 0, until = 0;
  for (const TimedUtterance& utterance : utterances_) {
    said += std::max(0.0, utterance.end_s - std::max(until, utterance.begin_s));
    until = std::max(until, utterance.end_s);
  }
  return std::max(0.0, signal_s - said);
}

}  // namespace nest::eval
