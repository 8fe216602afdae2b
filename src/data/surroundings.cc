#include "nest/data/surroundings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "data/signal_loader.h"
#include "nest/io/recording.h"

namespace nest::data {
namespace {

/// The utterances of one recording, and what of it nobody uses.
class Timeline {
 public:
  Timeline(const Dataset& dataset, const Utterance& of)
      : recording_(io::open_recording(dataset.folder() / of.signal,
                                      {.stream = of.stream, .rate_hz = file_rate(dataset)})) {}

  static double file_rate(const Dataset& dataset) {
    const DatasetInfo& info = dataset.info();
    return info.file_rate_hz > 0 ? info.file_rate_hz : info.signal.rate_hz;
  }

  const io::RecordingInfo& info() const { return recording_->info(); }

  void add(const Utterance& utterance) {
    for (const SampleRange& range : utterance.ranges) {
      const std::int64_t end =
          range.num_samples < 0 ? info().num_samples : range.first_sample + range.num_samples;
      taken_.emplace_back(range.first_sample, end);
    }
    splits_[utterance.split] = true;
  }
  void sort() { std::ranges::sort(taken_); }

  bool is_all_of(const std::string& split) const {
    return splits_.size() == 1 && splits_.contains(split);
  }

  /// The background before `begin`, and behind `end`.
  std::int64_t begin_of_background(std::int64_t begin) const {
    std::int64_t from = segment_of(info(), begin, 1).first_sample;
    for (const auto& [first, last] : taken_)
      if (last <= begin) from = std::max(from, last);
    return from;
  }
  std::int64_t end_of_background(std::int64_t end) const {
    const io::Segment& segment = segment_of(info(), end - 1, 1);
    std::int64_t to = segment.first_sample + segment.num_samples;
    for (const auto& [first, last] : taken_)
      if (first >= end) to = std::min(to, first);
    return to;
  }

  /// Stretches in which nothing is said.
  std::vector<SampleRange> background() const {
    std::vector<SampleRange> free;
    for (const io::Segment& segment : info().segments) {
      const std::int64_t end = segment.first_sample + segment.num_samples;
      std::int64_t at = segment.first_sample;
      for (const auto& [first, last] : taken_) {
        if (first >= end || last <= at) continue;
        if (first > at) free.push_back({at, first - at});
        at = std::max(at, last);
      }
      if (at < end) free.push_back({at, end - at});
    }
    return free;
  }

 private:
  std::shared_ptr<const io::Recording> recording_;
  std::vector<std::pair<std::int64_t, std::int64_t>> taken_;  ///< [first, end), sorted
  std::map<std::string, bool> splits_;
};

using Timelines = std::map<std::pair<std::string, std::string>, Timeline>;

Timelines timelines_of(const Dataset& dataset) {
  Timelines all;
  for (const Utterance& u : dataset.utterances()) {
    const std::pair key(u.signal, u.stream);
    auto found = all.find(key);
    if (found == all.end()) found = all.emplace(key, Timeline(dataset, u)).first;
    found->second.add(u);
  }
  for (auto& [key, timeline] : all) timeline.sort();
  return all;
}

Utterance widened(const Utterance& utterance, const Timeline& timeline,
                  const SurroundOptions& options) {
  if (utterance.is_joined()) return utterance;
  const double rate_hz = timeline.info().rate_hz;
  const SampleRange& own = utterance.ranges.front();
  const std::int64_t begin = own.first_sample;
  const std::int64_t end =
      own.num_samples < 0 ? timeline.info().num_samples : begin + own.num_samples;
  const std::int64_t from = std::max<std::int64_t>(
      timeline.begin_of_background(begin), begin - std::llround(options.before_s * rate_hz));
  const std::int64_t to = std::min<std::int64_t>(timeline.end_of_background(end),
                                                 end + std::llround(options.after_s * rate_hz));
  Utterance wide = utterance;
  wide.ranges = {{from, to - from}};
  wide.extra["lead_s"] = static_cast<double>(begin - from) / rate_hz;
  wide.extra["tail_s"] = static_cast<double>(to - end) / rate_hz;
  return wide;
}

/// Whole pieces only: what is left of a stretch is background of the utterance behind it.
void add_pieces(const Utterance& like, const Timeline& timeline, double piece_s,
                std::vector<Utterance>& pieces) {
  const std::int64_t piece = std::llround(piece_s * timeline.info().rate_hz);
  for (const SampleRange& free : timeline.background()) {
    for (std::int64_t at = 0; at + piece <= free.num_samples; at += piece) {
      Utterance background;
      background.signal = like.signal;
      background.stream = like.stream;
      background.subject = like.subject;
      background.session = like.session;
      background.split = like.split;
      background.ranges = {{free.first_sample + at, piece}};
      background.id = fmt::format("{} background {}", like.id, background.ranges[0].first_sample);
      pieces.push_back(std::move(background));
    }
  }
}

}  // namespace

Dataset with_surroundings(const Dataset& dataset, const std::string& split,
                          const SurroundOptions& options) {
  const Timelines timelines = timelines_of(dataset);
  std::vector<Utterance> utterances;
  std::map<std::pair<std::string, std::string>, bool> seen;
  for (const std::size_t i : dataset.select({split, "", ""})) {
    const Utterance& u = dataset.utterance(i);
    const std::pair key(u.signal, u.stream);
    const Timeline& timeline = timelines.at(key);
    utterances.push_back(widened(u, timeline, options));
    if (options.background_s <= 0 || seen[key] || !timeline.is_all_of(split)) continue;
    seen[key] = true;
    add_pieces(u, timeline, options.background_s, utterances);
  }
  return {dataset.folder(), dataset.info(), std::move(utterances), FileWarnings::kKnown};
}

Surroundings surroundings_of(const Utterance& utterance, double rate_hz) {
  const auto samples = [&](const char* key) {
    return std::llround(utterance.extra.value(key, 0.0) * rate_hz);
  };
  return {samples("lead_s"), samples("tail_s")};
}

}  // namespace nest::data
