#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nest/contract/source.h"
#include "nest/core/options_fwd.h"
#include "nest/signal/resample.h"

namespace nest::contract {

struct MatchOptions {
  /// A source of another rate is resampled to the contract's, causally; without it, it is refused.
  bool resample = false;
  /// Unit of channels that state none ("uV"); empty: such channels are refused.
  std::string unit = {};
  /// For those channels: value in `unit` = gain * number + offset.
  double gain = 1;
  double offset = 0;
};
void visit_fields(FieldVisitor& visitor, MatchOptions& options);

enum class MismatchKind { kRate, kCount, kChannel, kUnit };
/// Why a source does not meet a contract; the message names the value, what is needed, the remedy.
struct Mismatch {
  MismatchKind kind;
  std::string message;
};

/// How a source's channels become those of a contract.
struct SourceMatch {
  std::string name;  ///< of the source, as its unit: for messages
  std::string unit = {};
  double rate_hz = 0;            ///< of the source
  signal::ResampleRatio ratio;   ///< to the contract's rate
  std::int64_t source_rows = 0;  ///< channels the source delivers
  /// Source channel of each contract channel; a named reference electrode that is no channel of the
  /// contract comes last.
  std::vector<std::int64_t> rows;
  std::vector<double> gain;  ///< a row: value in the contract's unit = gain * number + offset
  std::vector<double> offset;
  std::int64_t ref_row = -1;          ///< of the named reference electrode in `rows`; -1: none
  std::vector<std::string> warnings;  ///< electrodes found under another name
  std::vector<Mismatch> mismatches;   ///< empty: the source meets the contract

  /// For a source that delivers nothing but rows[0], rows[1], ...
  SourceMatch packed() const;
};

/// Compares rate, number, names (contract/electrode.h) and units of a source with a contract.
/// Everything that does not fit is listed in the result's `mismatches`.
SourceMatch compare(const SourceInfo& source, const graph::SignalContract& contract,
                    const MatchOptions& options = {});
/// As compare(). Errors: DataCorrupt with the first mismatch.
SourceMatch match(const SourceInfo& source, const graph::SignalContract& contract,
                  const MatchOptions& options = {});

}  // namespace nest::contract
