#include "nest/data/revise.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "data/place_signals.h"
#include "data/spell.h"
#include "nest/contract/electrode.h"
#include "nest/core/error.h"
#include "nest/core/log.h"
#include "nest/core/options.h"

namespace nest::data {
namespace {

namespace fs = std::filesystem;

std::size_t row_of(const std::vector<std::string>& channels, const std::string& wanted) {
  const auto row = contract::find_electrode(channels, wanted).row;
  require(row >= 0, ErrorCode::kNotFound, "no channel '{}' in the signal contract; there are: {}",
          wanted, fmt::join(channels, ", "));
  return static_cast<std::size_t>(row);
}

/// Rows of the contract's channels that stay, in their new order.
std::vector<std::size_t> kept_rows(const std::vector<std::string>& channels,
                                   const RevisionOptions& options) {
  std::vector<std::size_t> rows, excluded;
  for (const std::string& name : options.exclude) excluded.push_back(row_of(channels, name));
  for (const std::string& name : options.channels.empty() ? channels : options.channels) {
    const std::size_t row = row_of(channels, name);
    if (std::find(excluded.begin(), excluded.end(), row) == excluded.end()) rows.push_back(row);
  }
  require(!rows.empty(), ErrorCode::kInvalidArgument, "no channel of {} is left", channels.size());
  return rows;
}

void change_channels(graph::SignalContract& contract, const RevisionOptions& options) {
  if (options.channels.empty() && options.exclude.empty()) return;
  require(!contract.channels.empty(), ErrorCode::kInvalidArgument,
          "the channels of this dataset have no names, so none can be chosen");
  std::vector<std::string> names;
  for (const std::size_t row : kept_rows(contract.channels, options)) {
    names.push_back(contract.channels[row]);
  }
  contract.channels = std::move(names);
  contract.num_channels = static_cast<std::int64_t>(contract.channels.size());
}

void change_rate(DatasetInfo& info, double resample_hz) {
  if (resample_hz <= 0) return;
  if (info.file_rate_hz <= 0) info.file_rate_hz = info.signal.rate_hz;
  info.resample = true;
  info.signal.rate_hz = resample_hz;
}

bool makes_fit_stale(const Dataset& dataset, const RevisionOptions& options) {
  if (dataset.info().signal.normalization != graph::Normalization::kFixed) return false;
  return options.resample_hz > 0 || draws_splits(options.split) || !options.channels.empty() ||
         !options.exclude.empty();
}

/// Paths as they are from here, so that they can be placed anew.
void free_signals(const fs::path& folder, std::vector<Utterance>& utterances) {
  for (Utterance& utterance : utterances) utterance.signal = (folder / utterance.signal).string();
}

}  // namespace

void visit_fields(FieldVisitor& visitor, RevisionOptions& o) {
  visitor.field("data", o.data, "dataset folder", {}, {.is_required = true});
  visitor.field("out", o.out, "folder of the revised dataset; empty: the same", {},
                {.flag = "output"});
  visitor.group("Signal contract");
  visitor.field("resample_hz", o.resample_hz,
                "resample recordings to this rate as they are loaded [Hz], 0: as it is",
                at_least(0), {.flag = "resample"});
  visitor.field("channels", o.channels, "exactly these channels, in this order");
  visitor.field("exclude", o.exclude, "channels to leave out");
  visitor.field("normalize", o.normalize,
                "fit mean and deviation per channel on the training part");
  visitor.part("text_rule", o.text_rule);
  visitor.part("split", o.split);
}

bool changes_anything(const RevisionOptions& options) {
  RevisionOptions nothing;
  nothing.data = options.data;
  return nest::to_json(options) != nest::to_json(nothing);
}

Dataset revise_dataset(const Dataset& dataset, const RevisionOptions& options, const Job& job) {
  nest::validate(options);
  const bool is_other = !options.out.empty() &&
                        !(fs::exists(options.out) && fs::equivalent(options.out, dataset.folder()));
  require(is_other || dataset.problems().empty(), ErrorCode::kDataCorrupt,
          "{}: {} utterances have problems and would be lost; repair them, or write the others "
          "elsewhere with `out`",
          dataset.folder().string(), dataset.problems().size());
  DatasetInfo info = dataset.info();
  std::vector<Utterance> utterances = dataset.utterances();
  change_channels(info.signal, options);
  change_rate(info, options.resample_hz);
  if (options.text_rule != text::TextRule{}) {
    info.text_rule = options.text_rule;
    spell(info.text_rule, utterances);
  }
  if (draws_splits(options.split)) {
    for (const std::string& line : assign_splits(utterances, options.split)) log_warn("{}", line);
  }
  const fs::path out = is_other ? fs::path(options.out) : dataset.folder();
  if (is_other) {
    free_signals(dataset.folder(), utterances);
    place_signals(out, Placement::kInPlace, utterances);
  }
  const bool fits = options.normalize || makes_fit_stale(dataset, options);
  if (fits) info.signal.normalization = graph::Normalization::kNone;  // until it is fitted
  Dataset revised(out, std::move(info), std::move(utterances), FileWarnings::kKnown);
  if (fits) {
    revised.fit_normalization("train", job);
    log_info("mean and deviation are fitted on the {} training utterances",
             revised.info().normalization_fit["num_utterances"].dump());
  }
  revised.write(out);
  return revised;
}

}  // namespace nest::data
