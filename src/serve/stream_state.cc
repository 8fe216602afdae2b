#include "serve/stream_state.h"

#include <cstring>
#include <utility>

#include "nest/contract/match.h"
#include "nest/core/json_text.h"
#include "nest/core/options.h"
#include "serve/inference.h"
#include "serve/v1.h"

namespace nest::serve {
namespace {

constexpr std::size_t kMostEvents = 512;
constexpr double kReportEvery_s = 5;  // of signal

double number_of(const Json& message, const char* key, double fallback) {
  if (!message.contains(key) || message.at(key).is_null()) return fallback;
  if (!message.at(key).is_number()) refuse(key, fmt::format("{} is no number", key));
  return message.at(key).get<double>();
}

/// What the pipeline refuses is a fault of the client's start.
template <class F>
auto as_request_error(const char* field, F&& make) {
  try {
    return make();
  } catch (const RequestError&) {
    throw;
  } catch (const Error& error) {
    refuse(field, error.message());
  }
}

decode::DecodeOptions decoding_of(const ServedModel& model) {
  decode::DecodeOptions options = model.decoding();
  options.nbest = 1;
  return options;
}

}  // namespace

StreamMetrics::StreamMetrics(Metrics& m)
    : samples(m.counter("nest_stream_samples_total", "Samples that streams brought")),
      hops(m.counter("nest_stream_hops_total", "Hops that streams decoded")),
      misses(m.counter("nest_deadline_misses_total", "Hops that were later than their deadline")),
      gaps(m.counter("nest_stream_gaps_total", "Places where samples were lost")),
      faults(m.counter("nest_stream_faults_total", "Faults that clients were told of")),
      resumed(m.counter("nest_stream_resumed_total", "Streams whose client came back")),
      latency(m.histogram("nest_stream_latency_seconds", "From a hop's last sample to its event",
                          {}, latency_bounds())),
      wait(m.histogram("nest_stream_wait_seconds", "From a hop's last sample to its processing", {},
                       latency_bounds())),
      model(m.histogram("nest_stream_model_seconds", "Time of the model in a hop", {},
                        latency_bounds())) {}

StreamStart parse_start(const Json& message, const ServedModel& model, double deadline_ms) {
  StreamStart start{source_of(message, model.contract(), -1), {}};
  start.config.window_s = number_of(message, "window_s", 0);
  start.config.hop_s = number_of(message, "hop_s", 0);
  start.config.lookahead_s = number_of(message, "lookahead_s", start.config.lookahead_s);
  start.config.max_latency_ms = deadline_ms;
  try {
    stream::validate(start.config);
  } catch (const FieldError& error) {
    refuse(error.field(), error.message());
  }
  model.require_match(start.source);
  return start;
}

StreamState::StreamState(std::string id, std::shared_ptr<ServedModel> model,
                         const StreamStart& start, StreamMetrics& metrics)
    : id_(std::move(id)),
      model_(std::move(model)),
      start_(start),
      metrics_(metrics),
      clock_(stream::make_wall_clock()),
      pipeline_(as_request_error("hop_s",
                                 [&] {
                                   return stream::StreamingInference(model_->package().bundle(),
                                                                     start.config,
                                                                     decoding_of(*model_), *clock_);
                                 })),
      committed_([this](auto tokens) { return pipeline_.text_of(tokens); }),
      made_(std::chrono::steady_clock::now()),
      left_(made_) {
  as_request_error("channels", [&] {
    pipeline_.connect(start.source);
    return 0;
  });
}

Json StreamState::ready_json() const {
  return {{"type", "ready"},
          {"session", id_},
          {"model", model_->name()},
          {"version", model_->version()},
          {"channels", start_.source.num_channels()},
          {"rate_hz", start_.source.rate_hz},
          {"pipeline", pipeline_.describe()}};
}

void StreamState::push(std::span<const std::byte> frames, double arrival_s) {
  const auto rows = static_cast<std::size_t>(start_.source.num_channels());
  if (frames.size() % (rows * sizeof(float)) != 0)
    throw RequestError(
        400, "samples",
        fmt::format("{} bytes are no whole number of frames of {} float32", frames.size(), rows));
  const std::size_t count = frames.size() / (rows * sizeof(float));
  block_.resize(rows * count);
  for (std::size_t t = 0; t < count; ++t)
    for (std::size_t c = 0; c < rows; ++c)
      std::memcpy(&block_[c * count + t], frames.data() + (t * rows + c) * sizeof(float),
                  sizeof(float));
  if (lost_ > 0) metrics_.gaps.add();
  const signal::SignalView<const float> view(block_.data(), static_cast<std::int64_t>(rows),
                                             static_cast<std::int64_t>(count));
  pipeline_.push(view, arrival_s, lost_, [this](const auto& event) { on_event(event); });
  lost_ = 0;
  samples_ += static_cast<std::int64_t>(count);
  metrics_.samples.add(count);
  const auto every = static_cast<std::int64_t>(kReportEvery_s * start_.source.rate_hz);
  if (samples_ < next_report_) return;
  if (next_report_ > 0) send_latency();
  next_report_ = samples_ + std::max<std::int64_t>(1, every);
}

void StreamState::on_event(const stream::StreamEvent& event) {
  if (event.fault != nullptr) {
    metrics_.faults.add();
    Json json{{"type", "fault"}};
    json.update(stream::to_json(*event.fault));
    return send(std::move(json));
  }
  Json json{{"type", "partial"}, {"time_s", event.time_s}, {"committed", new_text(event)}};
  if (event.segment != nullptr) {
    end_segment(*event.segment, json);
  } else {
    count_hop(event.latency);
    json["tentative"] = pipeline_.text_of(event.tentative);
    json["latency_ms"] = event.latency.age_ms;
  }
  send(std::move(json));
}

std::string StreamState::new_text(const stream::StreamEvent& event) {
  committed_.take(event);
  const std::string& text = committed_.text();
  const std::size_t end = text.find_last_not_of('\n') + 1;  // npos + 1 is 0
  if (end <= told_) return {};
  const std::size_t begin = std::exchange(told_, end);
  return text.substr(begin, end - begin);
}

void StreamState::end_segment(const stream::Segment& segment, Json& json) {
  json["type"] = "segment";
  json["text"] = segment.text;
  json["start_s"] = segment.start_s;
  json["end_s"] = segment.end_s;
  json["confidence"] = segment.confidence;
  decode::Recognition recognition;
  recognition.tokens = segment.hypothesis.tokens;
  recognition.times = segment.hypothesis.times;
  recognition.confidences = segment.hypothesis.confidences;
  const Json whole = recognition_json(recognition, model_->package().bundle().tokenizer.get(), 0);
  for (const Json& token : whole.at("tokens")) tokens_.push_back(token);
}

void StreamState::count_hop(const stream::LatencyLedger& latency) {
  metrics_.hops.add();
  metrics_.latency.record(latency.age_ms / 1e3);
  metrics_.wait.record(latency.wait_ms / 1e3);
  metrics_.model.record(latency.model_ms / 1e3);
  if (latency.age_ms > start_.config.max_latency_ms) metrics_.misses.add();
}

void StreamState::send_fault(const std::string& kind, const std::string& message) {
  metrics_.faults.add();
  send({{"type", "fault"}, {"kind", kind}, {"message", message}});
}

void StreamState::send_latency() {
  Json event{{"type", "latency"}};
  event.update(stream::to_json(pipeline_.latency().get_statistics()));
  send(std::move(event));
}

void StreamState::finish() {
  if (is_finished_.exchange(true)) return;
  pipeline_.finish([this](const auto& event) { on_event(event); });
  Json event{{"type", "final"}, {"text", committed_.text().substr(0, told_)}, {"tokens", tokens_}};
  event["samples"] = samples_.load();
  event["gaps"] = pipeline_.gaps();
  send(std::move(event));
  send_latency();
}

void StreamState::send(Json event) {
  const std::scoped_lock lock(mutex_);
  event["seq"] = ++seq_;
  events_.emplace_back(seq_, json_text(event));
  if (events_.size() > kMostEvents) events_.pop_front();
  if (send_) send_(events_.back().second);
}

void StreamState::attach(Send send, std::uint64_t seq) {
  const std::scoped_lock lock(mutex_);
  send_ = std::move(send);
  for (const auto& [number, text] : events_)
    if (number > seq) send_(text);
}

void StreamState::detach() {
  const std::scoped_lock lock(mutex_);
  send_ = nullptr;
  is_claimed_ = false;
  left_ = std::chrono::steady_clock::now();
}

bool StreamState::is_attached() const {
  const std::scoped_lock lock(mutex_);
  return is_claimed_;
}

bool StreamState::claim() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(is_claimed_, true);
}

double StreamState::detached_s() const {
  const std::scoped_lock lock(mutex_);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - left_).count();
}

double StreamState::age_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - made_).count();
}

}  // namespace nest::serve
