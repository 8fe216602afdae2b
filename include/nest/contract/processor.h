#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "nest/contract/match.h"
#include "nest/core/tensor.h"
#include "nest/signal/view.h"
#include "nest/signal/window_norm.h"

namespace nest::contract {

/// Which parts of a contract are carried out.
struct Steps {
  bool filter = true;     ///< reference electrode, band-pass, notch
  bool normalize = true;  ///< kFixed and kRunning; window kinds are left to window_norm()
};

/// Counted since construction.
struct ProcessorCounts {
  std::int64_t samples_in = 0;  ///< of the source
  std::int64_t samples_out = 0;
  std::int64_t non_finite = 0;  ///< single values replaced by the channel's last good one
};

/// Carries out a signal contract on a matched source: pick channels, scale to the contract's unit,
/// replace values that are not finite, resample, re-reference, filter, normalise.
///
/// The one implementation for files and streams: a dataset's loader and StreamingInference both run
/// it, so what is evaluated is what streams. Each sample is filtered once;
/// state is carried from call to call. Before the first sample the signal is taken to have always
/// been what that sample is; arithmetic is in double, the result is rounded once.
///
/// Started at a segment's beginning, any chunking gives the same bits, those of the loader if its
/// run-in reaches that far back. Started n samples before a range instead, the range differs,
/// before normalisation, by at most signal::decay_bound(filter, n) times the largest distance of
/// the earlier signal from its value there: sum over the filter's poles p of |r| |p|^n / (1 - |p|),
/// r their residues. For 1-40 Hz of order 4 with a notch at 50 Hz at 250 Hz the slowest pole has
/// |p| = 0.9907 and the bound after 10 s is 2.1e-10. A resampler's memory ends after its length,
/// which counts to these samples. Running statistics decay with exp(-run-in / running_s) only.
///
/// Shapes: [source channels, n] in, [contract channels, m] out
/// State:  thread-compatible; chunk-invariant bit for bit (tests/contract/contract_law_test.cc)
/// Cost:   no allocation and no exception after construction
class ContractProcessor {
 public:
  /// Errors: InvalidArgument if the contract's filters are impossible at its rate.
  ContractProcessor(const graph::SignalContract& contract, SourceMatch match,
                    const Steps& steps = {});
  ~ContractProcessor();
  ContractProcessor(ContractProcessor&&) noexcept;
  ContractProcessor& operator=(ContractProcessor&&) noexcept;

  const SourceMatch& match() const noexcept;
  /// Contract channels.
  std::int64_t channels() const noexcept;
  /// True if a sample's result depends on earlier samples.
  bool has_memory() const noexcept;
  /// Source samples that must follow a sample before its result comes: the resampler's half length,
  /// 0 without one.
  std::int64_t delay_samples() const noexcept;
  /// The most samples that one call writes.
  std::int64_t max_output(std::int64_t in_samples) const noexcept;
  std::int64_t max_finish() const noexcept;

  /// `in` has match().source_rows rows, `out` channels() rows and room for max_output(in.samples).
  /// Returns the samples written.
  std::int64_t process(signal::SignalView<const float> in, signal::SignalView<float> out) noexcept;
  std::int64_t process(signal::SignalView<const double> in, signal::SignalView<float> out) noexcept;
  /// At the end of a segment: what waits in the resampler, as if the last sample went on; then
  /// everything but running statistics starts anew, as after lost samples.
  std::int64_t finish(signal::SignalView<float> out) noexcept;

  ProcessorCounts counts() const noexcept;

  /// Set once the first seconds are seen and their amplitude is none that the contract can mean:
  /// the factor, the unit that was probably meant, the remedy (contract/amplitude.h).
  std::optional<std::string> amplitude_warning() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A whole segment at once. Shapes: [source channels, n] float32 or float64 -> [channels, m]
/// float32.
Tensor process_all(ContractProcessor& processor, const Tensor& samples);

/// The contract's normalisation of each window or utterance by itself; "none" for the other kinds.
signal::WindowNormOptions window_norm(const graph::SignalContract& contract);

/// From raw samples to what the contract's model takes, utterance by utterance. An implausible
/// amplitude is a warning in the log.
///
/// Shapes: samples [channels, n] float32 or float64 as `source` describes them -> [contract
///         channels, m] float32
/// Errors: those of match(); DataCorrupt if a channel holds NaN or infinity.
Tensor prepare(const Tensor& samples, const SourceInfo& source,
               const graph::SignalContract& contract, const MatchOptions& options = {});

}  // namespace nest::contract
