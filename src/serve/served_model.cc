#include "serve/served_model.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "nest/contract/match.h"
#include "nest/contract/processor.h"
#include "nest/io/recording.h"

namespace nest::serve {
namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

decode::DecodeOptions decoding_of(const package::InferenceSettings& inference) {
  decode::DecodeOptions options;
  options.beam_size = inference.beam_size;
  options.nbest = inference.beam_size;
  options.max_length = inference.max_length;
  return options;
}

recognize::BatchOptions batching_of(const package::InferenceSettings& inference,
                                    const package::ServerSettings& server) {
  return {.max_batch = inference.batch_size,
          .max_delay_ms = server.batch_delay_ms,
          .workers = server.workers,
          .max_waiting = server.max_queue};
}

std::vector<ServedModel::Batcher::Run> runners_of(const recognize::Bundle& bundle,
                                                  const decode::DecodeOptions& decoding,
                                                  int workers) {
  std::vector<ServedModel::Batcher::Run> runners;
  for (int i = 0; i < workers; ++i) {
    auto recognizer = std::make_shared<recognize::EmissionRecognizer>(
        bundle, recognize::RecognizeOptions{.decode = decoding});
    runners.push_back([recognizer](std::span<const InferenceInput> inputs) {
      std::vector<Tensor> signals;
      bool wants_text = false;
      for (const InferenceInput& input : inputs) {
        signals.push_back(input.signal);
        wants_text |= input.wants_text;
      }
      return recognizer->recognize(signals, wants_text);
    });
  }
  return runners;
}

/// The field of a request that a mismatch is about.
const char* field_of(contract::MismatchKind kind) {
  switch (kind) {
    case contract::MismatchKind::kRate:
      return "rate_hz";
    case contract::MismatchKind::kUnit:
      return "unit";
    case contract::MismatchKind::kCount:
    case contract::MismatchKind::kChannel:
      return "channels";
  }
  return "signal";
}

std::int64_t width_of(const graph::Model& model) {
  const bool is_ctc = model.family == graph::Family::kCtc;
  const graph::Graph& graph = model.graph(is_ctc ? "ctc_head" : "encoder");
  const graph::Port& port = graph.output(is_ctc ? "log_probs" : "encoder_output");
  return graph.value(port.value).shape.back().constant();
}

void add(std::atomic<double>& sum, double value) {
  double old = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(old, old + value, std::memory_order_relaxed)) {
  }
}

}  // namespace

void ModelRecord::add(double took_s, bool failed, const decode::Recognition* recognition) {
  answers.fetch_add(1, std::memory_order_relaxed);
  if (failed) failures.fetch_add(1, std::memory_order_relaxed);
  serve::add(seconds, took_s);
  if (recognition == nullptr || recognition->confidences.empty()) return;
  const auto& all = recognition->confidences;
  serve::add(confidence,
             std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size()));
  texts.fetch_add(1, std::memory_order_relaxed);
}

ServedModel::ServedModel(package::Package package, const package::InferenceSettings& inference,
                         const package::ServerSettings& server, Metrics& metrics)
    : package_(std::move(package)),
      decoding_(decoding_of(inference)),
      width_(width_of(model())),
      batch_sizes_(metrics.histogram("nest_batch_size", "Requests that shared a pass of the model",
                                     {{"model", name()}}, size_bounds())),
      model_seconds_(metrics.histogram("nest_model_seconds", "Time of a pass, decoding included",
                                       {{"model", name()}}, latency_bounds())),
      wait_seconds_(metrics.histogram("nest_queue_seconds", "Time that a request waited for a pass",
                                      {{"model", name()}}, latency_bounds())),
      prepare_seconds_(metrics.histogram("nest_prepare_seconds",
                                         "Time of checking and filtering a signal",
                                         {{"model", name()}}, latency_bounds())),
      batcher_(
          std::make_unique<Batcher>(batching_of(inference, server),
                                    runners_of(package_.bundle(), decoding_, server.workers))) {}

ServedModel::~ServedModel() = default;

std::string ServedModel::emissions_name() const {
  return model().family == graph::Family::kCtc ? "log_probs" : "encoder_output";
}

void ServedModel::require_match(const contract::SourceInfo& source) const {
  const contract::SourceMatch match = contract::compare(source, contract());
  if (match.mismatches.empty()) return;
  const contract::Mismatch& first = match.mismatches.front();
  refuse(field_of(first.kind), first.message);
}

Tensor ServedModel::prepare(const Tensor& samples, const contract::SourceInfo& source) const {
  const auto start = SteadyClock::now();
  require_match(source);
  try {
    Tensor signal = contract::prepare(samples, source, contract());
    watch(samples, source);
    prepare_seconds_.record(seconds_since(start));
    return signal;
  } catch (const RequestError&) {
    throw;
  } catch (const Error& error) {
    refuse("signal", error.message());
  }
}

void ServedModel::watch(const Tensor& samples, const contract::SourceInfo& source) const {
  const Json& statistics = package_.manifest().input_statistics;
  if (!statistics.is_object() || samples.dim(1) < 2) return;
  const auto expected = statistics.at("stddev").get<std::vector<double>>();
  const contract::SourceMatch match = contract::compare(source, contract());
  const Tensor wide = samples.to(DType::kF64);
  const auto values = wide.data<double>();
  const auto count = static_cast<std::size_t>(samples.dim(1));
  double furthest = 0;
  for (std::size_t c = 0; c < expected.size(); ++c) {
    const auto row = values.subspan(static_cast<std::size_t>(match.rows[c]) * count, count);
    const double mean = std::accumulate(row.begin(), row.end(), 0.0) / static_cast<double>(count);
    double squares = 0;
    for (const double value : row) squares += (value - mean) * (value - mean);
    const double spread = match.gain[c] * std::sqrt(squares / static_cast<double>(count));
    if (expected[c] > 0 && spread > 0)
      furthest = std::max(furthest, std::abs(std::log(spread / expected[c])));
  }
  constexpr double kNew = 0.1;  // weight of the newest of an exponential mean
  const double old = drift_.load(std::memory_order_relaxed);
  drift_.store(old == 0 ? furthest : old + kNew * (furthest - old), std::memory_order_relaxed);
}

void ServedModel::submit(InferenceInput input, Batcher::Done done) {
  const recognize::BatchRequest request{.length_class = std::to_string(input.signal.dim(1))};
  batcher_->submit(std::move(input), request, [this, done = std::move(done)](auto answer) {
    if (answer.batch_size > 0) {
      batch_sizes_.record(answer.batch_size);
      model_seconds_.record(answer.ran_ms / 1e3);
      wait_seconds_.record(answer.waited_ms / 1e3);
    }
    const bool is_done = answer.outcome == recognize::BatchOutcome::kDone;
    record_.add((answer.ran_ms + answer.waited_ms) / 1e3,
                answer.outcome == recognize::BatchOutcome::kFailed,
                is_done ? &answer.output->recognition : nullptr);
    done(std::move(answer));
  });
}

}  // namespace nest::serve
