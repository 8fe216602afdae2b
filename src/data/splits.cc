#include "nest/data/splits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/options.h"
#include "nest/core/rng.h"

namespace nest::data {
namespace {

/// Utterances that are still to be assigned, by the group they must stay in.
using Groups = std::map<std::string, std::vector<Utterance*>>;

Groups group(const std::vector<Utterance*>& utterances, SplitBy by) {
  Groups groups;
  for (Utterance* utterance : utterances) {
    groups[split_group(*utterance, by)].push_back(utterance);
  }
  return groups;
}

std::string known_groups(const Groups& groups) {
  constexpr std::size_t kShown = 20;
  std::vector<std::string> names;
  for (const auto& [name, members] : groups) {
    if (names.size() < kShown) names.push_back(name);
  }
  return fmt::format(
      "{}{}", fmt::join(names, ", "),
      groups.size() > kShown ? fmt::format(" and {} more", groups.size() - kShown) : "");
}

/// Gives whole groups of `pool` to a split and takes them out of it.
void give(std::vector<Utterance*>& pool, SplitBy by, const std::set<std::string>& names,
          std::string_view split) {
  std::erase_if(pool, [&](Utterance* utterance) {
    const bool is_named = names.contains(split_group(*utterance, by));
    if (is_named) utterance->split = split;
    return is_named;
  });
}

void give_listed(std::vector<Utterance*>& pool, SplitBy by, const std::vector<std::string>& listed,
                 std::string_view split) {
  if (listed.empty()) return;
  const Groups groups = group(pool, by);
  for (const std::string& name : listed) {
    require(groups.contains(name), ErrorCode::kInvalidArgument,
            "split list: no {} '{}' is left for the {} part; there are: {}", name_of(by), name,
            split, known_groups(groups));
  }
  give(pool, by, {listed.begin(), listed.end()}, split);
}

/// Names of the groups, shuffled.
std::vector<std::string> shuffled(const std::vector<Utterance*>& utterances, SplitBy by,
                                  std::uint64_t seed) {
  std::vector<std::string> order;
  for (const auto& [name, members] : group(utterances, by)) order.push_back(name);
  Rng rng(seed, "splits");
  rng.shuffle(std::span(order));
  return order;
}

/// Gives groups to a split, in that order, until it has about `wanted` utterances; returns how many
/// it has then.
std::size_t draw(std::vector<Utterance*>& pool, const std::vector<std::string>& order, SplitBy by,
                 std::string_view split, std::size_t have, double wanted) {
  const Groups groups = group(pool, by);
  std::set<std::string> drawn;
  for (const std::string& name : order) {
    const auto members = groups.find(name);
    if (members == groups.end()) continue;  // of another split already
    const auto size = static_cast<double>(members->second.size());
    const auto so_far = static_cast<double>(have);
    // take the group if that comes nearer to the wanted number
    if (std::abs(so_far + size - wanted) > std::abs(so_far - wanted)) break;
    drawn.insert(name);
    have += members->second.size();
  }
  give(pool, by, drawn, split);
  return have;
}

}  // namespace

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
  visitor.field("validation_by", o.validation_by,
                "what stays together in the validation part, if something else");
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

bool draws_splits(const SplitOptions& o) {
  return o.validation_fraction > 0 || o.test_fraction > 0 || !o.train.empty() ||
         !o.validation.empty() || !o.test.empty();
}

std::vector<std::string> assign_splits(std::vector<Utterance>& utterances,
                                       const SplitOptions& options) {
  validate(options);
  const SplitBy validation_by = options.validation_by.value_or(options.by);
  std::vector<Utterance*> pool;
  for (Utterance& utterance : utterances) {
    if (options.only.empty() || utterance.split == options.only) pool.push_back(&utterance);
  }
  const std::size_t total = pool.size();
  require(total > 0, ErrorCode::kInvalidArgument, "no utterance has the split '{}'", options.only);
  give_listed(pool, options.by, options.train, "train");
  const std::size_t in_train = total - pool.size();
  give_listed(pool, options.by, options.test, "test");
  const std::size_t in_test = total - in_train - pool.size();
  give_listed(pool, validation_by, options.validation, "validation");
  const std::size_t in_validation = total - in_train - in_test - pool.size();

  std::vector<std::string> empty_parts;
  const std::vector<Utterance*> drawable = pool;
  const auto fill = [&](SplitBy by, std::string_view split, std::size_t have, double fraction) {
    if (fraction == 0) return;
    const auto order = shuffled(drawable, by, options.seed);
    const double wanted = fraction * static_cast<double>(total);
    if (draw(pool, order, by, split, have, wanted) > 0) return;
    empty_parts.push_back(
        fmt::format("the {} part is empty: {} of {} utterances is less than half of what one of {} "
                    "{}s has; ask for more, name groups, or group by something smaller",
                    split, fraction, total, order.size(), name_of(by)));
  };
  fill(options.by, "test", in_test, options.test_fraction);
  fill(validation_by, "validation", in_validation, options.validation_fraction);
  for (Utterance* utterance : pool) utterance->split = "train";
  require(in_train + pool.size() > 0, ErrorCode::kInvalidArgument,
          "nothing is left for training: there are too few {}s for these fractions",
          name_of(options.by));
  return empty_parts;
}

}  // namespace nest::data
