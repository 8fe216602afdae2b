#include "nest/eval/eval_set.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include <fmt/ranges.h>

#include "nest/contract/match.h"
#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/core/log.h"
#include "nest/core/options.h"
#include "nest/text/text_rule.h"

namespace nest::eval {
namespace {

bool is_selected(const data::Utterance& utterance, const EvalSetOptions& options) {
  const auto fits = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || wanted == value;
  };
  return fits(options.split, utterance.split) && fits(options.subject, utterance.subject) &&
         fits(options.session, utterance.session);
}

/// Problems of the selected utterances, and of lines that could not be read at all.
std::vector<Failure> failures_of(const data::Dataset& dataset, const std::string& folder,
                                 const EvalSetOptions& options) {
  std::vector<Failure> failures;
  if (dataset.problems().empty()) return failures;
  const data::Manifest manifest =
      data::read_manifest(std::filesystem::path(folder) / "manifest.jsonl");
  std::unordered_map<std::size_t, const data::Utterance*> by_line;
  for (std::size_t i = 0; i < manifest.utterances.size(); ++i) {
    by_line[manifest.lines[i]] = &manifest.utterances[i];
  }
  for (const data::Problem& problem : dataset.problems()) {
    const auto at = by_line.find(problem.line);
    if (at != by_line.end() && !is_selected(*at->second, options)) continue;
    Failure failure{problem.id, "", "", problem.kind, problem.message};
    if (at != by_line.end()) {
      failure.subject = at->second->subject;
      failure.session = at->second->session;
    }
    const bool known = std::any_of(failures.begin(), failures.end(), [&](const Failure& f) {
      return !f.id.empty() && f.id == failure.id;
    });
    if (!known) failures.push_back(std::move(failure));
  }
  return failures;
}

/// In quotes.
std::set<std::string> splits_of(const data::Dataset& dataset) {
  std::set<std::string> names;
  for (const data::Utterance& u : dataset.utterances()) names.insert("'" + u.split + "'");
  return names;
}

/// The utterances of these indices, without failures.
EvalSet pick(const EvalSet& set, std::vector<std::size_t> indices) {
  EvalSet result{{set.name, set.split, set.rate_hz, set.channels}, {}, {}, nullptr, {}};
  for (const std::size_t i : indices) {
    result.utterances.push_back(set.utterances[i]);
    result.positions.push_back(set.positions[i]);
  }
  result.load = [load = set.load, indices = std::move(indices)](std::size_t i) {
    return load(indices[i]);
  };
  return result;
}

}  // namespace

Json to_json(const Failure& failure) {
  return {{"id", failure.id},
          {"subject", failure.subject},
          {"session", failure.session},
          {"kind", name_of(failure.kind)},
          {"message", failure.message}};
}

Failure failure_from_json(const Json& json) {
  return {json.at("id").get<std::string>(), json.at("subject").get<std::string>(),
          json.at("session").get<std::string>(),
          from_name<data::ProblemKind>(json.at("kind").get<std::string>(), ErrorCode::kDataCorrupt),
          json.at("message").get<std::string>()};
}

Json to_json(const SetInfo& info) {
  return {{"name", info.name},
          {"split", info.split},
          {"rate_hz", info.rate_hz},
          {"channels", info.channels}};
}

SetInfo set_info_from_json(const Json& json) {
  return {json.at("name").get<std::string>(), json.at("split").get<std::string>(),
          json.at("rate_hz").get<double>(), json.at("channels").get<std::vector<std::string>>()};
}

Shard shard_from_name(std::string_view name) {
  std::size_t number = 0;
  std::size_t count = 0;
  const std::size_t slash = std::min(name.find('/'), name.size());
  const char* end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), name.data() + slash, number);
  const auto second = std::from_chars(std::min(name.data() + slash + 1, end), end, count);
  const bool valid = slash < name.size() && first.ec == std::errc() &&
                     first.ptr == name.data() + slash && second.ec == std::errc() &&
                     second.ptr == end && number >= 1 && number <= count;
  require(valid, ErrorCode::kInvalidArgument,
          "shard '{}': write i/n with 1 <= i <= n, for example 2/4", name);
  return {number - 1, count};
}

EvalSet EvalSet::part(const Shard& shard) const {
  std::vector<std::size_t> indices;
  for (std::size_t i = shard.index; i < utterances.size(); i += shard.count) indices.push_back(i);
  EvalSet result = pick(*this, std::move(indices));
  if (shard.index == 0) result.failures = failures;
  return result;
}

EvalSet EvalSet::spread(std::size_t count) const {
  const std::size_t total = utterances.size();
  count = std::min(count, total);
  std::vector<std::size_t> indices(count);
  for (std::size_t i = 0; i < count; ++i) indices[i] = i * total / count;
  return pick(*this, std::move(indices));
}

void require_compatible(const graph::SignalContract& model, const graph::SignalContract& data,
                        bool resample) {
  graph::SignalContract wanted = model;
  wanted.ref_electrode.clear();  // a file may hold more electrodes than its dataset's contract
  if (wanted.rate_hz <= 0) wanted.rate_hz = data.rate_hz;
  if (wanted.num_channels <= 0) wanted.num_channels = data.num_channels;
  contract::SourceInfo source = contract::source_of(data);
  source.name = "the dataset";
  contract::match(source, wanted, {.resample = resample});
}

void visit_fields(FieldVisitor& visitor, EvalSetOptions& o) {
  visitor.field("split", o.split, "which split; empty: all");
  visitor.field("subject", o.subject, "only this subject");
  visitor.field("session", o.session, "only this session");
  visitor.field("resample", o.resample, "resample recordings of another rate to the model's");
}

EvalSet open_eval_set(const std::string& folder, const EvalSetOptions& options,
                      const graph::SignalContract& contract) {
  auto dataset = std::make_shared<data::Dataset>(data::Dataset::open(
      folder, {.strict_files = options.strict_files, .resample = options.resample}));
  EvalSet set;
  set.failures = failures_of(*dataset, folder, options);
  if (contract.rate_hz > 0 || !contract.channels.empty()) {
    data::DatasetInfo info = dataset->info();
    const graph::SignalContract own = info.signal;
    require_compatible(contract, own, info.resample);
    if (info.file_rate_hz <= 0) info.file_rate_hz = own.rate_hz;
    info.signal = contract;  // the model's filters and statistics, not those of this data
    if (info.signal.rate_hz <= 0) info.signal.rate_hz = own.rate_hz;
    if (info.signal.channels.empty()) info.signal.channels = own.channels;
    dataset = std::make_shared<data::Dataset>(std::filesystem::path(folder), std::move(info),
                                              dataset->utterances(), data::FileWarnings::kKnown);
  }
  set.name = dataset->info().name.empty() ? std::filesystem::path(folder).filename().string()
                                          : dataset->info().name;
  set.split = options.split;
  set.rate_hz = dataset->info().signal.rate_hz;
  set.channels = dataset->info().signal.channels;
  const auto indices = dataset->select({options.split, options.subject, options.session});
  require(!indices.empty() || !set.failures.empty(), ErrorCode::kDataCorrupt,
          "{}: no utterance has split '{}'{}; there are: {}", folder, options.split,
          options.subject.empty() && options.session.empty() ? "" : " and that subject and session",
          fmt::join(splits_of(*dataset), ", "));
  for (const std::size_t index : indices) {
    set.positions.push_back(set.utterances.size());
    set.utterances.push_back(dataset->utterance(index));
  }
  set.load = [dataset, indices](std::size_t i) { return dataset->load_signal(indices[i]); };
  return set;
}

EvalSet open_eval_set(const std::string& folder, const EvalSetOptions& options,
                      const graph::Model& model) {
  EvalSet set = open_eval_set(folder, options, model.signal);
  const text::TextRule rule = text::text_rule_from_json(model.vocabulary.text_rule);
  for (data::Utterance& utterance : set.utterances) {
    utterance.text = text::spelled(rule, utterance.text);
  }
  return set;
}

void visit_fields(FieldVisitor& visitor, SampleOptions& o) {
  visitor.field("data", o.data, "dataset folder");
  visitor.field("split", o.split, "which split of it; empty: all");
  visitor.field("utterances", o.utterances, "how many, evenly spaced over the split", at_least(1));
}

EvalSet open_sample(const SampleOptions& options, const graph::SignalContract& contract) {
  nest::validate(options);
  return open_eval_set(options.data, {options.split, "", ""}, contract)
      .spread(static_cast<std::size_t>(options.utterances));
}

}  // namespace nest::eval
