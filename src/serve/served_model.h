#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "nest/contract/source.h"
#include "nest/package/deployment_settings.h"
#include "nest/package/package.h"
#include "nest/recognize/batch_processor.h"
#include "nest/recognize/emission_recognizer.h"
#include "serve/message.h"
#include "serve/metrics.h"

namespace nest::serve {

/// A prepared signal on its way to a batch.
struct InferenceInput {
  Tensor signal;  ///< as contract::prepare() makes it
  bool wants_text = true;
};

/// What a model's answers were like, to be compared with another's. State: thread-safe.
struct ModelRecord {
  std::atomic<std::uint64_t> answers{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<double> seconds{0};
  std::atomic<double> confidence{0};  ///< sum over answers with text
  std::atomic<std::uint64_t> texts{0};

  void add(double seconds, bool failed, const decode::Recognition* recognition);
};

/// One package that answers. State: thread-safe; what runs keeps it alive.
class ServedModel {
 public:
  using Batcher = recognize::BatchProcessor<InferenceInput, recognize::EmissionResult>;

  ServedModel(package::Package package, const package::InferenceSettings& inference,
              const package::ServerSettings& server, Metrics& metrics);
  ~ServedModel();

  const std::string& name() const { return package_.manifest().name; }
  const std::string& version() const { return package_.manifest().version; }
  const package::Package& package() const { return package_; }
  const graph::SignalContract& contract() const { return package_.manifest().signal; }
  const graph::Model& model() const { return package_.bundle().model(); }
  const decode::DecodeOptions& decoding() const { return decoding_; }
  /// Output port with the emissions: "log_probs" of a CTC model, else "encoder_output".
  std::string emissions_name() const;
  std::int64_t emissions_width() const { return width_; }

  /// The contract carried out on a client's samples. Errors: RequestError naming the field that
  /// does not meet the contract: "rate_hz", "channels", "unit", "signal".
  Tensor prepare(const Tensor& samples, const contract::SourceInfo& source) const;
  /// The checks of prepare() alone.
  void require_match(const contract::SourceInfo& source) const;

  /// Answers from a worker's thread.
  void submit(InferenceInput input, Batcher::Done done);
  /// Refuses new work and waits for what was taken.
  void drain() { batcher_->drain(); }
  recognize::BatchFigures figures() const { return batcher_->figures(); }

  ModelRecord& record() const { return record_; }
  /// Seconds of checking and filtering, of waiting for a pass, of passes; over all packages that
  /// had this name.
  const Histogram& prepare_seconds() const { return prepare_seconds_; }
  const Histogram& wait_seconds() const { return wait_seconds_; }
  const Histogram& model_seconds() const { return model_seconds_; }
  /// Largest |ln(spread / expected spread)| over channels of recent inputs; 0 before any.
  double drift() const { return drift_.load(std::memory_order_relaxed); }

 private:
  void watch(const Tensor& samples, const contract::SourceInfo& source) const;

  package::Package package_;
  decode::DecodeOptions decoding_;
  std::int64_t width_;
  Histogram& batch_sizes_;
  Histogram& model_seconds_;
  Histogram& wait_seconds_;
  Histogram& prepare_seconds_;
  std::unique_ptr<Batcher> batcher_;
  mutable ModelRecord record_;
  mutable std::atomic<double> drift_{0};
};

}  // namespace nest::serve
