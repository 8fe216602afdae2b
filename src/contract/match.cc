#include "nest/contract/match.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/ranges.h>

#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest::contract {
namespace {

/// Rates are written with few digits; a drift of one sample in a million is no other rate.
constexpr double kRateTolerance = 1e-6;

class Matcher {
 public:
  Matcher(const SourceInfo& source, const graph::SignalContract& contract,
          const MatchOptions& options)
      : source_(source), contract_(contract), options_(options) {
    for (const SourceChannel& channel : source.channels) names_.push_back(channel.name);
    has_names_ =
        !std::all_of(names_.begin(), names_.end(), [](const auto& n) { return n.empty(); });
    is_named_ = has_names_ && !contract.channels.empty();
  }

  SourceMatch run() {
    match_.name = source_.name;
    match_.rate_hz = source_.rate_hz;
    match_.source_rows = source_.num_channels();
    check_rate();
    find_channels();
    find_reference();
    for (const std::int64_t row : match_.rows) add_scale(row);
    return std::move(match_);
  }

 private:
  template <class... Args>
  void add(MismatchKind kind, fmt::format_string<Args...> text, Args&&... args) {
    match_.mismatches.push_back({kind, fmt::format(text, std::forward<Args>(args)...)});
  }

  void check_rate() {
    const double from = source_.rate_hz;
    const double to = contract_.rate_hz;
    if (!(to > 0) || !(from > 0)) {
      return add(MismatchKind::kRate, "{}: the {} states no sampling rate; state it in Hz",
                 source_.name, to > 0 ? "source" : "signal contract");
    }
    if (std::abs(from - to) <= kRateTolerance * to) {
      match_.rate_hz = to;
      return;
    }
    if (!options_.resample) {
      return add(MismatchKind::kRate,
                 "{}: {} Hz, but the signal contract says {} Hz; set `resample` to have it "
                 "resampled as it is read",
                 source_.name, from, to);
    }
    try {
      match_.ratio = signal::resample_ratio(from, to);
    } catch (const Error& error) {
      add(MismatchKind::kRate, "{}: {}", source_.name, error.message());
    }
  }

  void find_channels() {
    if (!is_named_) {
      const std::int64_t count = source_.num_channels();
      if (count != contract_.num_channels) {
        return add(MismatchKind::kCount,
                   "{}: {} channels that cannot be told apart by name, but the signal contract "
                   "takes {}; give as many in its order, or names",
                   source_.name, count, contract_.num_channels);
      }
      match_.rows.resize(static_cast<std::size_t>(count));
      std::iota(match_.rows.begin(), match_.rows.end(), 0);
      return;
    }
    std::vector<std::string> missing;
    for (const std::string& wanted : contract_.channels) {
      const std::int64_t row = find(wanted);
      if (row < 0) missing.push_back(wanted);
      match_.rows.push_back(std::max<std::int64_t>(row, 0));
    }
    if (missing.empty()) return;
    add(MismatchKind::kChannel, "{}: channels {} are missing; there are: {}", source_.name,
        fmt::join(missing, ", "), fmt::join(names_, ", "));
  }

  std::int64_t find(const std::string& wanted) {
    const ElectrodeMatch found = find_electrode(names_, wanted);
    if (found.row < 0) return -1;
    const std::string& name = names_[static_cast<std::size_t>(found.row)];
    if (found.rival >= 0) {
      add(MismatchKind::kChannel,
          "{}: '{}' and '{}' both mean electrode {}; rename the one that is not meant",
          source_.name, name, names_[static_cast<std::size_t>(found.rival)], wanted);
    } else if (found.is_alias) {
      match_.warnings.push_back(
          fmt::format("{}: electrode {} is taken from '{}', another name of the same place",
                      source_.name, wanted, name));
    }
    return found.row;
  }

  void find_reference() {
    const std::string& wanted = contract_.ref_electrode;
    if (wanted.empty() || wanted == "average" || match_.rows.empty()) return;
    const std::int64_t inside = find_electrode(contract_.channels, wanted).row;
    if (inside >= 0) {
      match_.ref_row = inside;
      return;
    }
    const std::int64_t row = has_names_ ? find(wanted) : -1;
    if (row < 0) {
      return add(
          MismatchKind::kChannel, "{}: the reference electrode {} is missing; there are: {}",
          source_.name, wanted,
          has_names_ ? fmt::format("{}", fmt::join(names_, ", ")) : "channels without names");
    }
    // Channels that are taken by number are all there already.
    match_.ref_row = is_named_ ? static_cast<std::int64_t>(match_.rows.size()) : row;
    if (is_named_) match_.rows.push_back(row);
  }

  void add_scale(std::int64_t row) {
    const SourceChannel& channel = source_.channels[static_cast<std::size_t>(row)];
    const bool is_stated = !channel.unit.empty();
    const std::string& unit = is_stated ? channel.unit : options_.unit;
    const std::string& wanted = contract_.unit;
    const auto from = io::volts_per_unit(unit);
    const auto to = io::volts_per_unit(wanted);
    if (match_.gain.empty()) match_.unit = unit;
    const bool is_known = unit == wanted || (from && to);
    const double factor = unit == wanted || !is_known ? 1 : *from / *to;
    match_.gain.push_back(factor * (is_stated ? 1 : options_.gain));
    match_.offset.push_back(factor * (is_stated ? 0 : options_.offset));
    if (is_known || has_unit_mismatch_) return;
    has_unit_mismatch_ = true;  // one message: the other channels will have the same trouble
    const std::string name =
        channel.name.empty() ? fmt::format("channel {}", row) : "channel " + channel.name;
    if (unit.empty()) {
      add(MismatchKind::kUnit,
          "{}: {} states no unit, the signal contract takes {}; state in the source, or by `unit`, "
          "what the numbers are (V, mV, uV, nV)",
          source_.name, name, wanted);
    } else {
      add(MismatchKind::kUnit,
          "{}: {} is in '{}', which cannot become the signal contract's {}; correct the unit the "
          "source states (V, mV, uV, nV)",
          source_.name, name, unit, wanted);
    }
  }

  const SourceInfo& source_;
  const graph::SignalContract& contract_;
  const MatchOptions& options_;
  std::vector<std::string> names_;
  bool has_names_ = false;
  bool is_named_ = false;  ///< both sides name their channels
  bool has_unit_mismatch_ = false;
  SourceMatch match_;
};

}  // namespace

void visit_fields(FieldVisitor& visitor, MatchOptions& o) {
  visitor.field("resample", o.resample, "resample a source of another rate to the model's");
  visitor.field("unit", o.unit, "unit of a source that states none: V, mV, uV, nV");
  visitor.field("gain", o.gain, "of channels without a unit", {}, kNoFlag);
  visitor.field("offset", o.offset, "of channels without a unit", {}, kNoFlag);
}

SourceMatch SourceMatch::packed() const {
  SourceMatch result = *this;
  std::iota(result.rows.begin(), result.rows.end(), 0);
  result.source_rows = static_cast<std::int64_t>(rows.size());
  return result;
}

SourceMatch compare(const SourceInfo& source, const graph::SignalContract& contract,
                    const MatchOptions& options) {
  return Matcher(source, contract, options).run();
}

SourceMatch match(const SourceInfo& source, const graph::SignalContract& contract,
                  const MatchOptions& options) {
  SourceMatch found = compare(source, contract, options);
  if (!found.mismatches.empty())
    fail(ErrorCode::kDataCorrupt, "{}", found.mismatches.front().message);
  return found;
}

}  // namespace nest::contract
