#include "nest/core/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/json.h"
#include "tests/support/error_of.h"
#include "tests/support/options_laws.h"

namespace nest::sample {
namespace {

using ::testing::HasSubstr;

enum class Rule { kAdamW, kSgd };
EnumTable enum_table(Rule /*of*/) {
  static constexpr EnumName kNames[] = {
      {Rule::kAdamW, "adamw"}, {Rule::kAdamW, "adam-w"}, {Rule::kSgd, "sgd"}};
  return {"rule", kNames};
}

struct PartOptions {
  std::uint64_t seed = 18446744073709551615ULL;
  double share = 0.5;
};
void visit_fields(FieldVisitor& visitor, PartOptions& o) {
  visitor.field("seed", o.seed, "of everything random");
  visitor.field("share", o.share, "below one", at_least(0).below(1));
}

struct FlatOptions {
  int depth = 2;
};
void visit_fields(FieldVisitor& visitor, FlatOptions& o) {
  visitor.field("depth", o.depth, "in the owner's object", at_least(1));
}

struct AllOptions {
  bool is_fast = true;
  int count = 3;
  std::int64_t steps = 1'000'000'000'000;
  float gain = 0.1F;
  double rate = 1e-3;
  std::string name = "x";
  Rule rule = Rule::kAdamW;
  std::optional<double> cap = {};
  std::optional<Rule> second = {};
  std::vector<double> band = {0.5, 40};
  std::vector<std::string> words = {};
  StringMap<float> scales = {};
  StringMap<Rule> rules = {};
  int threads = 1;
  std::vector<double> mean = {};
  PartOptions part = {};
  FlatOptions flat = {};
};
constexpr std::string_view kKinds[] = {"x", "y"};

void visit_fields(FieldVisitor& visitor, AllOptions& o) {
  visitor.group("Everything");
  visitor.field("is_fast", o.is_fast, "a switch", {}, {.flag = "fast"});
  visitor.field("count", o.count, "of things", between(1, 4096), {.also = "number,params.count"});
  visitor.field("steps", o.steps, "more than an int");
  visitor.field("gain", o.gain, "not exact in binary");
  visitor.field("rate", o.rate, "above zero", above(0), {.flag = "learning-rate,lr"});
  visitor.field("name", o.name, "a choice", {}, {.choices = kKinds});
  visitor.field("rule", o.rule, "an enum");
  visitor.field("second", o.second, "an enum that may be absent");
  visitor.field("cap", o.cap, "may be absent", above(0).to(1));
  visitor.field("band", o.band, "low,high", at_least(0));
  visitor.field("words", o.words, "texts");
  visitor.field("scales", o.scales, "by name", above(0));
  visitor.field("rules", o.rules, "by name");
  visitor.field("threads", o.threads, "not part of a result", at_least(0), kNotStored);
  visitor.field("mean", o.mean, "from data", {}, kNoFlag);
  visitor.part("part", o.part);
  visitor.part("", o.flat);
}
void validate(const AllOptions& o) {
  check_fields(o);
  require_field(o.count > 1 || o.is_fast, "count", "is {} and `is_fast` is off", o.count);
}

AllOptions changed() {
  return {.is_fast = false,
          .count = 7,
          .steps = -5,
          .gain = 3.25e-7F,
          .rate = 0.1 + 0.2,
          .name = "y",
          .rule = Rule::kSgd,
          .cap = 0.25,
          .second = Rule::kAdamW,
          .band = {},
          .words = {"a b", "ä,ö", ""},
          .scales = {{"conv.1", 0.7F}},
          .rules = {{"a", Rule::kSgd}},
          .threads = 1,
          .mean = {1, 2},
          .part = {.seed = 9, .share = 0},
          .flat = {.depth = 5}};
}

using test::error_of;

void read(const std::string& yaml, AllOptions& options, const ReadOptions& reading = {}) {
  read_fields(Config::parse(yaml, "run.yaml").at("training"), options, reading);
}

TEST(Options, every_type_of_field_survives_json) {
  test::expect_options_laws(AllOptions{}, changed());
  EXPECT_FALSE(to_json(AllOptions{}).contains("threads"));
  EXPECT_EQ(to_json(AllOptions{}).at("part").at("share"), 0.5);
  EXPECT_EQ(to_json(AllOptions{}).at("depth"), 2);
}

TEST(Options, yaml_changes_only_what_it_names) {
  AllOptions options;
  read("training:\n  rule: sgd\n  cap: 1\n  band: [1, 2]\n  scales: {a: 2}\n  part: {seed: 4}\n",
       options);
  AllOptions expected{
      .rule = Rule::kSgd, .cap = 1, .band = {1, 2}, .scales = {{"a", 2}}, .part = {.seed = 4}};
  EXPECT_EQ(to_json(options), to_json(expected));
}

TEST(Options, fields_given_otherwise_are_kept_though_the_file_names_them) {
  AllOptions options;
  read("training:\n  rate: 0.02\n  count: 9\n  part: {seed: 4, share: 0.25}\n", options,
       {.keep = {"rate", "part.seed"}});
  EXPECT_EQ(options.rate, 1e-3);
  EXPECT_EQ(options.count, 9);
  EXPECT_EQ(options.part.seed, AllOptions{}.part.seed);
  EXPECT_EQ(options.part.share, 0.25);
}

TEST(Options, foreign_keys_of_a_field_are_read_but_not_two_of_them) {
  AllOptions options;
  read("training: {number: 5}\n", options);
  EXPECT_EQ(options.count, 5);
  read("training: {params: {count: 6, T_max: 3}}\n", options, {.known = {"params.T_max"}});
  EXPECT_EQ(options.count, 6);
  EXPECT_THAT(
      error_of([&] { read("training:\n  count: 5\n  number: 6\n", options); }),
      HasSubstr("run.yaml:3: training.number: the same field as run.yaml:2: training.count"));
  EXPECT_THAT(error_of([&] { read("training: {params: {size: 6}}\n", options); }),
              HasSubstr("unknown key 'size' (line 1); known keys: count"));
}

TEST(Options, an_error_in_a_file_names_its_line_and_key) {
  AllOptions options;
  EXPECT_THAT(error_of([&] { read("training:\n  rate: 0\n", options); }),
              HasSubstr("run.yaml:2: training.rate: is 0; it must be above 0"));
  EXPECT_THAT(error_of([&] { read("training:\n  cont: 1\n", options); }),
              AllOf(HasSubstr("run.yaml:1: training: unknown key 'cont' (line 2)"),
                    HasSubstr("known keys: is_fast, count"), HasSubstr("did you mean 'count'?")));
  EXPECT_THAT(error_of([&] { read("training:\n  rule: sdg\n", options); }),
              HasSubstr("unknown rule 'sdg'; known: adamw, sgd; did you mean 'sgd'?"));
  EXPECT_THAT(error_of([&] { read("training:\n  count: 9999999999\n", options); }),
              HasSubstr("training.count: 9999999999 is too large"));
  EXPECT_THAT(error_of([&] { read("training:\n  part: {share: 1}\n", options); }),
              HasSubstr("training.part.share: is 1; it must be at least 0 and below 1"));
}

TEST(Options, a_check_names_the_field_its_value_and_the_limit) {
  const auto wrong = [](auto change) {
    AllOptions options;
    change(options);
    return error_of([&] { validate(options); });
  };
  EXPECT_EQ(wrong([](AllOptions& o) { o.count = 0; }), "`count` is 0; it must be from 1 to 4096");
  EXPECT_EQ(wrong([](AllOptions& o) { o.rate = std::nan(""); }),
            "`rate` is nan; it must be above 0");
  EXPECT_EQ(wrong([](AllOptions& o) { o.name = "z"; }), "`name` is 'z'; it must be one of x, y");
  EXPECT_EQ(wrong([](AllOptions& o) { o.band = {1, -2}; }), "`band` is -2; it must be at least 0");
  EXPECT_EQ(wrong([](AllOptions& o) { o.cap = 2; }),
            "`cap` is 2; it must be above 0 and at most 1");
  EXPECT_EQ(wrong([](AllOptions& o) { o.part.share = 1; }),
            "`part.share` is 1; it must be at least 0 and below 1");
  EXPECT_EQ(wrong([](AllOptions& o) { o.flat.depth = 0; }), "`depth` is 0; it must be at least 1");
  EXPECT_EQ(wrong([](AllOptions& o) {
              o.count = 1;
              o.is_fast = false;
            }),
            "`count` is 1 and `is_fast` is off");
}

TEST(Options, an_error_about_a_field_carries_its_name) {
  AllOptions options;
  options.part.share = 7;
  try {
    validate(options);
    FAIL() << "no error";
  } catch (const FieldError& error) {
    EXPECT_EQ(error.field(), "part.share");
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  }
}

TEST(Options, the_same_wrong_value_in_stored_options_is_corrupt_data) {
  Json json = to_json(AllOptions{});
  json["count"] = 1;
  json["is_fast"] = false;
  try {
    options_from_json<AllOptions>(json, "run_state");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDataCorrupt);
    EXPECT_STREQ(error.what(), "run_state: `count` is 1 and `is_fast` is off");
  }
}

TEST(Enum, further_names_of_a_value_are_read_and_the_first_is_written) {
  EXPECT_EQ(from_name<Rule>("adam-w"), Rule::kAdamW);
  EXPECT_EQ(name_of(Rule::kAdamW), "adamw");
  EXPECT_EQ(error_of([] { from_name<Rule>("adagrad"); }),
            "unknown rule 'adagrad'; known: adamw, sgd");
}

}  // namespace
}  // namespace nest::sample
