#include <algorithm>
#include <cmath>
#include <utility>

#include "nest/contract/quality.h"
#include "nest/core/error.h"
#include "pipeline_impl.h"

namespace nest::stream {

void StreamingInference::Impl::report(const Fault& fault, const Sink& sink) {
  ++faults[static_cast<std::size_t>(fault.kind)];
  if (!sink) return;
  Fault told = fault;
  if (std::isnan(told.time_s))
    told.time_s = static_cast<double>(received) / processor.match().rate_hz;
  StreamEvent event;
  event.time_s = time_of(samples_in);
  event.fault = &told;
  sink(event);
}

std::int64_t StreamingInference::Impl::contract_samples(std::int64_t source) const {
  return std::llround(static_cast<double>(source) * signal.rate_hz / processor.match().rate_hz);
}

std::int64_t StreamingInference::Impl::warm_up() const {
  return std::llround(config.faults.warm_up_s * signal.rate_hz);
}

void StreamingInference::Impl::mask_next(std::int64_t samples) {
  const std::int64_t end = contract_samples(pushed + samples) + warm_up();
  voice().segmenter().mask(contract_samples(pushed) - voice_began_at, end - voice_began_at);
}

template <class T>
void StreamingInference::Impl::bridge(std::int64_t lost, signal::SignalView<const T> next,
                                      const Sink& sink) {
  const GapPolicy policy = config.faults.gap;
  require(policy != GapPolicy::kStop, ErrorCode::kDataCorrupt,
          "{} samples were lost after sample {}; another `gap_policy` goes on", lost, received);
  const double time_s = static_cast<double>(received) / processor.match().rate_hz;
  const auto most = static_cast<std::int64_t>(config.faults.max_fill_s * processor.match().rate_hz);
  const bool is_filled = policy != GapPolicy::kReset && lost <= most && pushed > 0;
  if (is_filled) {
    if (policy == GapPolicy::kInvalid) mask_next(lost);
    fill(lost, next, policy != GapPolicy::kHold, sink);
  } else {
    begin_after(lost, sink);
  }
  report({FaultKind::kLost, time_s, lost, is_filled ? std::string_view(name_of(policy)) : "reset"},
         sink);
}
template void StreamingInference::Impl::bridge(std::int64_t, signal::SignalView<const float>,
                                               const Sink&);
template void StreamingInference::Impl::bridge(std::int64_t, signal::SignalView<const double>,
                                               const Sink&);

template <class T>
void StreamingInference::Impl::fill(std::int64_t lost, signal::SignalView<const T> next,
                                    bool is_line, const Sink& sink) {
  const auto rows = static_cast<std::int64_t>(last.size());
  const auto block = static_cast<std::int64_t>(filler.size()) / rows;
  for (std::int64_t at = 0; at < lost; at += block) {
    const std::int64_t count = std::min(block, lost - at);
    const signal::SignalView<double> made(filler.data(), rows, count, block);
    for (std::int64_t r = 0; r < rows; ++r) {
      const double from = last[static_cast<std::size_t>(r)];
      const double to = is_line && next.samples > 0 ? static_cast<double>(next.row(r)[0]) : from;
      for (std::int64_t t = 0; t < count; ++t) {
        const double part = static_cast<double>(at + t + 1) / static_cast<double>(lost + 1);
        made.row(r)[t] = from + part * (to - from);
      }
    }
    encode(signal::SignalView<const double>(made), sink);
  }
}

void StreamingInference::Impl::begin_after(std::int64_t lost, const Sink& sink) {
  flush(sink);
  LatencyLedger ledger;
  voice().frames().finish([&](const NewFrames& made) { voice().decode(made.values, ledger); });
  voice().frames().reset();
  quality.end_segment();
  received += lost;
  origin_s = static_cast<double>(received) / processor.match().rate_hz;
  samples_in = pushed = voice_began_at = 0;
  voice().segmenter().begin_at(origin_s);
  if (warm_up() > 0) voice().segmenter().mask(0, warm_up());
}

void StreamingInference::Impl::pass_gate(std::int64_t samples, const Sink& sink) {
  if (config.faults.gate_share <= 0) return;
  if (watch.bad_share() < config.faults.gate_share) return open_gate(sink);
  if (gated == 0) gate_closed_s = static_cast<double>(received) / processor.match().rate_hz;
  gated += samples;
  mask_next(samples);
}

void StreamingInference::Impl::open_gate(const Sink& sink) {
  if (gated > 0) report({FaultKind::kGated, gate_closed_s, std::exchange(gated, 0), "gate"}, sink);
}

void StreamingInference::Impl::look_at_channels(const Sink& sink) {
  for (const ChannelWatch::Change& change : watch.changes()) {
    if (!change.is_bad) continue;
    const std::string name = contract::channel_name(signal, change.channel);
    require(config.faults.channel != ChannelPolicy::kStop, ErrorCode::kDataCorrupt,
            "channel {} is {}; another `channel_policy` goes on", name, name_of(change.kind));
    report({change.kind, static_cast<double>(received) / processor.match().rate_hz, 0, name}, sink);
  }
}

}  // namespace nest::stream
