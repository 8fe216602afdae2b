#include "nest/data/splits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/rng.h"

namespace nest::data {

EnumTable enum_table(SplitBy /*of*/) {
  static constexpr EnumName kNames[] = {{SplitBy::kSubject, "subject"},
                                        {SplitBy::kSession, "session"},
                                        {SplitBy::kText, "text"},
                                        {SplitBy::kUtterance, "utterance"}};
  return {"unit of a split", kNames};
}

void visit_fields(FieldVisitor& visitor, SplitOptions& o) {
  visitor.group("Splits");
  visitor.field("by", o.by, "what stays together", {}, {.flag = "split-by"});
  visitor.field("validation_fraction", o.validation_fraction, "share of utterances for validation",
                at_least(0).below(1));
  visitor.field("test_fraction", o.test_fraction, "share of utterances for test",
                at_least(0).below(1));
  visitor.field("seed", o.seed, "seed of the assignment", {}, {.flag = "split-seed"});
  visitor.field("only", o.only, "assign only utterances that now have this split", {},
                {.flag = "split-only"});
  visitor.field("train", o.train, "groups that go to train", {}, {.flag = "split-train"});
  visitor.field("validation", o.validation, "groups that go to validation", {},
                {.flag = "split-validation"});
  visitor.field("test", o.test, "groups that go to test", {}, {.flag = "split-test"});
}

void validate(const SplitOptions& o) {
  check_fields(o);
  require_field(o.validation_fraction + o.test_fraction < 1, "validation_fraction",
                "is {} and `test_fraction` {}: nothing is left for training", o.validation_fraction,
                o.test_fraction);
}

std::string split_group(const Utterance& utterance, SplitBy by) {
  switch (by) {
    case SplitBy::kSubject:
      return utterance.subject;
    case SplitBy::kSession:
      return utterance.subject + "/" + utterance.session;
    case SplitBy::kText:
      return utterance.text;
    case SplitBy::kUtterance:
      break;
  }
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
            "split list: no {} '{}' in the data", name_of(options.by), group);
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
          "no {} is left for training: there are too few for these fractions", name_of(options.by));
}

}  // namespace nest::data
