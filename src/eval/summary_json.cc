#include "nest/core/json_number.h"
#include "nest/eval/summary.h"

namespace nest::eval {
namespace {

template <class T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json distribution_json(const std::optional<Distribution>& distribution) {
  if (!distribution) return nullptr;
  return {{"mean", distribution->mean},
          {"p50", distribution->p50},
          {"p95", distribution->p95},
          {"p99", distribution->p99},
          {"max", distribution->max}};
}

Json counts_json(const UtteranceCounts& counts) {
  Json kinds = Json::object();
  for (const auto& [kind, count] : counts.failures) kinds[std::string(name_of(kind))] = count;
  return {{"selected", counts.decoded + counts.failed},
          {"decoded", counts.decoded},
          {"failed", counts.failed},
          {"failures", std::move(kinds)}};
}

Json groups_json(const std::vector<GroupScore>& groups) {
  Json rows = Json::array();
  for (const GroupScore& group : groups) {
    const text::Interval& wer = group.intervals[text::Metric::kWer];
    const text::Interval& cer = group.intervals[text::Metric::kCer];
    rows.push_back({{"name", group.name},
                    {"utterances", group.score.utterances},
                    {"wer", number_or_null(group.score.wer())},
                    {"wer_low", number_or_null(wer.low)},
                    {"wer_high", number_or_null(wer.high)},
                    {"cer", number_or_null(group.score.cer())},
                    {"cer_low", number_or_null(cer.low)},
                    {"cer_high", number_or_null(cer.high)},
                    {"bleu", number_or_null(group.intervals[text::Metric::kBleu].estimate)},
                    {"exact_match", number_or_null(group.score.exact_rate())}});
  }
  return rows;
}

Json latency_json(const Latency& latency) {
  return {{"load_ms", distribution_json(latency.load_ms)},
          {"encode_ms", distribution_json(latency.encode_ms)},
          {"decode_ms", distribution_json(latency.decode_ms)},
          {"total_ms", distribution_json(latency.total_ms)},
          {"signal_s", latency.signal_s},
          {"real_time_factor", value_or_null(latency.real_time_factor)},
          {"utterances_per_s", value_or_null(latency.utterances_per_s)}};
}

Json calibration_json(const std::optional<Calibration>& calibration) {
  if (!calibration) return nullptr;
  Json bins = Json::array();
  for (const CalibrationBin& bin : calibration->bins) {
    bins.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"count", bin.tokens},
                    {"confidence", number_or_null(bin.confidence)},
                    {"accuracy", number_or_null(bin.accuracy)}});
  }
  return {{"tokens", calibration->tokens},
          {"bins", std::move(bins)},
          {"expected_calibration_error", calibration->expected_calibration_error}};
}

Json confusions_json(const std::vector<Confusion>& confusions) {
  Json rows = Json::array();
  for (const Confusion& entry : confusions) {
    rows.push_back(Json::array({entry.reference, entry.hypothesis, entry.count}));
  }
  return rows;
}

Json worst_json(const std::vector<WorstUtterance>& worst) {
  Json rows = Json::array();
  for (const WorstUtterance& u : worst) {
    rows.push_back({{"id", u.id},
                    {"subject", u.subject},
                    {"word_errors", u.word_errors},
                    {"character_errors", u.character_errors},
                    {"alignment", u.alignment}});
  }
  return rows;
}

}  // namespace

Json to_json(const Summary& summary) {
  Json json;
  json["counts"] = counts_json(summary.counts);
  json["metrics"] = to_json(summary.metrics, summary.scoring);
  json["intervals"] = {{"utterance", to_json(summary.intervals.utterance)},
                       {"sentence", to_json(summary.intervals.sentence)},
                       {"subject", to_json(summary.intervals.subject)}};
  for (const auto& [name, line] : text::signatures(summary.scoring, 1)) {
    json["signatures"][name] = line;
  }
  json["subjects"] = groups_json(summary.subjects);
  json["sessions"] = groups_json(summary.sessions);
  json["latency"] = latency_json(summary.latency);
  json["oracle"] = {{"nbest", summary.oracle.nbest},
                    {"wer", number_or_null(summary.oracle.wer)},
                    {"cer", number_or_null(summary.oracle.cer)}};
  json["calibration"] = calibration_json(summary.calibration);
  json["diversity"] = {{"distinct_hypotheses", summary.diversity.distinct_hypotheses},
                       {"distinct_references", summary.diversity.distinct_references},
                       {"entropy_bits", summary.diversity.entropy_bits},
                       {"most_frequent_share", summary.diversity.most_frequent_share}};
  json["confusions"] = {{"matrix", confusions_json(summary.confusions)},
                        {"errors", confusions_json(summary.confusion_errors)}};
  json["worst"] = worst_json(summary.worst);
  return json;
}

}  // namespace nest::eval
