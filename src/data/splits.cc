#include "nest/data/splits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "nest/core/error.h"
#include "nest/core/flags.h"
#include "nest/core/rng.h"

namespace nest::data {

void register_flags(Flags& flags, SplitOptions& options) {
  flags.group("Splits");
  flags.add("split-by", options.by, "what stays together: subject, session, text, utterance")
      .choices({"subject", "session", "text", "utterance"});
  flags.add("validation-fraction", options.validation_fraction,
            "share of utterances for validation");
  flags.add("test-fraction", options.test_fraction, "share of utterances for test");
  flags.add("split-seed", options.seed, "seed of the assignment");
  flags.add("split-only", options.only, "assign only utterances that now have this split");
  flags.add("split-train", options.train, "groups that go to train");
  flags.add("split-validation", options.validation, "groups that go to validation");
  flags.add("split-test", options.test, "groups that go to test");
}

void validate(const SplitOptions& options) {
  const double validation = options.validation_fraction;
  const double test = options.test_fraction;
  require(validation >= 0 && test >= 0 && validation + test < 1, ErrorCode::kInvalidArgument,
          "split fractions: validation {} and test {} must not be negative and leave something for "
          "training",
          validation, test);
}

Json to_json(const SplitOptions& options) {
  return {{"by", options.by},
          {"validation_fraction", options.validation_fraction},
          {"test_fraction", options.test_fraction},
          {"seed", options.seed},
          {"only", options.only},
          {"train", options.train},
          {"validation", options.validation},
          {"test", options.test}};
}

std::string split_group(const Utterance& utterance, const std::string& by) {
  if (by == "subject") return utterance.subject;
  if (by == "session") return utterance.subject + "/" + utterance.session;
  if (by == "text") return utterance.text;
  require(by == "utterance", ErrorCode::kInvalidArgument,
          "split by '{}': expected subject, session, text or utterance", by);
  return utterance.id;
}

void assign_splits(std::vector<Utterance>& utterances, const SplitOptions& options) {
  validate(options);
  std::map<std::string, std::vector<Utterance*>> groups;
  std::size_t total = 0;
  for (Utterance& utterance : utterances) {
    if (!options.only.empty() && utterance.split != options.only) continue;
    groups[split_group(utterance, options.by)].push_back(&utterance);
    ++total;
  }
  std::map<std::string, std::size_t> given;  // utterances a split has already
  const auto give = [&](const std::string& group, const std::string& split) {
    const auto found = groups.find(group);
    require(found != groups.end(), ErrorCode::kInvalidArgument,
            "split list: no {} '{}' in the data", options.by, group);
    for (Utterance* utterance : found->second) utterance->split = split;
    given[split] += found->second.size();
    groups.erase(found);
  };
  for (const auto& group : options.train) give(group, "train");
  for (const auto& group : options.validation) give(group, "validation");
  for (const auto& group : options.test) give(group, "test");

  std::vector<std::string> order;
  for (const auto& [group, members] : groups) order.push_back(group);
  Rng rng(options.seed, "splits");
  rng.shuffle(std::span(order));
  std::size_t next = 0;
  const auto fill = [&](const std::string& split, double fraction) {
    const double wanted = fraction * static_cast<double>(total);
    while (next < order.size()) {
      const double size = static_cast<double>(groups[order[next]].size());
      const double have = static_cast<double>(given[split]);
      // take the group if that comes nearer to the wanted number
      if (fraction == 0 || std::abs(have + size - wanted) > std::abs(have - wanted)) break;
      give(order[next++], split);
    }
  };
  fill("test", options.test_fraction);
  fill("validation", options.validation_fraction);
  while (next < order.size()) give(order[next++], "train");
  require(given["train"] > 0, ErrorCode::kInvalidArgument,
          "no {} is left for training: there are too few for these fractions", options.by);
}

}  // namespace nest::data
