#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "nest/core/error.h"
#include "nest/eval/split_audit.h"

namespace nest::eval {
namespace {

struct Statistics {
  std::vector<double> mean;
  std::vector<double> stddev;
};

/// Largest difference over channels: of means in standard deviations, of deviations as a ratio.
double distance(const Statistics& a, const Statistics& b) {
  double worst = 0;
  for (std::size_t c = 0; c < a.mean.size(); ++c) {
    worst = std::max(worst, std::abs(a.mean[c] - b.mean[c]) / b.stddev[c]);
    worst = std::max(worst, std::abs(std::log(a.stddev[c] / b.stddev[c])));
  }
  return worst;
}

/// Mean and deviation over the given splits, by the dataset's own fit under another split name.
Statistics fit_over(const data::Dataset& dataset, const graph::SignalContract& contract,
                    const std::vector<std::string>& splits, const Job& job) {
  std::vector<data::Utterance> utterances;
  for (data::Utterance utterance : dataset.utterances()) {
    if (std::find(splits.begin(), splits.end(), utterance.split) == splits.end()) continue;
    utterance.split = "audit";
    utterances.push_back(std::move(utterance));
  }
  data::DatasetInfo info = dataset.info();
  info.signal = contract;
  info.signal.normalization = graph::Normalization::kNone;
  info.signal.mean.clear();
  info.signal.stddev.clear();
  data::Dataset copy(dataset.folder(), std::move(info), std::move(utterances));
  copy.fit_normalization("audit", job);
  return {copy.info().signal.mean, copy.info().signal.stddev};
}

}  // namespace

NormalizationAudit audit_normalization(const data::Dataset& dataset,
                                       const graph::SignalContract& claimed,
                                       const SplitAuditOptions& options, const Job& job) {
  NormalizationAudit audit;
  audit.method = claimed.normalization;
  if (claimed.normalization != graph::Normalization::kFixed) return audit;  // nothing is fitted
  audit.record = dataset.info().normalization_fit;
  if (audit.record.is_object() && audit.record.value("split", "") == options.test) {
    audit.problems.push_back(
        fmt::format("the dataset's record says that the normalisation was fitted on "
                    "split '{}'",
                    options.test));
  }
  const Statistics used{claimed.mean, claimed.stddev};
  graph::SignalContract contract = claimed;
  if (contract.channels.empty()) contract.channels = dataset.info().signal.channels;
  const Statistics train = fit_over(dataset, contract, {options.train}, job);
  const Statistics test = fit_over(dataset, contract, {options.test}, job);
  const Statistics both = fit_over(dataset, contract, {options.train, options.test}, job);
  require(used.mean.size() == train.mean.size() && used.stddev.size() == train.mean.size(),
          ErrorCode::kDataCorrupt, "the normalisation has {} channels, the data has {}",
          used.mean.size(), train.mean.size());
  const NormalizationDistance to{distance(used, train), distance(used, test), distance(used, both)};
  const double nearest = std::min(to.test, to.train_and_test);
  // Statistics of other data are about as far from both fits.
  if (to.train > 1e-4 && nearest < to.train / 2) {
    audit.problems.push_back(fmt::format(
        "the statistics in use are nearer to a fit that includes the test split ({:.4g}) than to "
        "one on the training split ({:.4g})",
        nearest, to.train));
  }
  audit.distance = to;
  return audit;
}

Json to_json(const NormalizationAudit& audit) {
  Json json{{"passed", audit.passed()},
            {"problems", audit.problems},
            {"method", nest::name_of(audit.method)}};
  if (!audit.distance) return json;
  json["record"] = audit.record;
  json["distance"] = {{"train", audit.distance->train},
                      {"test", audit.distance->test},
                      {"train_and_test", audit.distance->train_and_test}};
  return json;
}

}  // namespace nest::eval
