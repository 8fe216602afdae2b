#include "nest/profile/profile_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/profile/regression.h"
#include "small_model.h"

namespace nest::profile {
namespace {

using testing::HasSubstr;

ProfileOptions quick_profile() {
  ProfileOptions options;
  options.work.length = 400;
  options.timing = {.rounds = 12, .runs = 1};
  return options;
}

Json report() {
  return to_json(profile_model(recognize::make_runnable(small_model()), quick_profile()));
}

/// A report in which one layer takes longer by a factor.
Json slowed(Json json, const std::string& name, double factor) {
  for (Json& layer : json["timing"][0]["layers"]) {
    if (layer["name"] != name) continue;
    for (Json& us : layer["round_us"]) us = us.get<double>() * factor;
  }
  return json;
}

/// Times that differ from round to round by a part in a hundred, as on a quiet machine.
Json quiet(Json json) {
  const auto even_out = [](Json& rounds, double us) {
    double step = 0;
    for (Json& each : rounds) each = us * (1 + 0.01 * (step += 0.15));
  };
  for (Json& graph : json["timing"]) {
    even_out(graph["all"]["round_us"], 1000);
    even_out(graph["machine_round_us"], 300);
    for (Json& layer : graph["layers"]) even_out(layer["round_us"], 100);
  }
  return json;
}

std::string first_layer(const Json& json) {
  return json["timing"][0]["layers"][0]["name"].get<std::string>();
}

TEST(Profile, reports_counts_plan_and_times_of_every_graph) {
  ProfileOptions options = quick_profile();
  options.throughput = true;
  options.batches = {.batch_sizes = {1, 2}, .runs = 8, .max_warmup_s = 0};
  const auto made = profile_model(recognize::make_runnable(small_model()), options);
  const Json json = to_json(made);
  EXPECT_EQ(json["memory"].size(), 2u);
  EXPECT_EQ(json["timing"].size(), 2u);
  EXPECT_EQ(json["throughput"].size(), 2u);
  EXPECT_THAT(json["executor"].get<std::string>(), HasSubstr("native"));
  EXPECT_TRUE(
      std::ranges::any_of(json["layers"], [](const Json& l) { return l.contains("p50_us"); }));
  EXPECT_THAT(report_text(made), HasSubstr("memory of graph encoder"));
}

TEST(Profile, without_times_it_is_the_same_on_every_run) {
  ProfileOptions options = quick_profile();
  options.no_timing = true;
  const auto runnable = recognize::make_runnable(small_model());
  Json a = to_json(profile_model(runnable, options)), b = to_json(profile_model(runnable, options));
  for (Json* json : {&a, &b}) {
    json->erase("machine");  // free memory changes
    for (Json& memory : (*json)["memory"]) memory.erase("resident_bytes");
  }
  EXPECT_EQ(a, b);
  EXPECT_FALSE(a.contains("timing"));
}

TEST(Profile, a_trace_shows_every_layer_inside_its_pass) {
  Trace trace;
  trace_model(trace, recognize::make_runnable(small_model()), quick_profile().work, 2);
  const Json json = trace.to_json();
  double begin = 0, end = 0;
  int inside = 0;
  for (const Json& event : json["traceEvents"]) {
    if (event["ph"] != "X") continue;
    const double from = event["ts"].get<double>(), to = from + event["dur"].get<double>();
    if (event["name"] == "encoder" || event["name"] == "decoder_step") {
      begin = from;
      end = to;
    } else {
      ++inside;
      EXPECT_GE(from, begin - 1e-3);
      EXPECT_LE(to, end + 1e-3);
    }
  }
  EXPECT_GT(inside, 10);
}

TEST(Regression, a_slower_layer_is_named_and_nothing_else) {
  const Json before = quiet(report());
  const std::string name = first_layer(before);
  const auto found = find_regressions(before, slowed(before, name, 1.2), 0.05);
  EXPECT_TRUE(found.has_regression());
  for (const LayerChange& layer : found.layers)
    EXPECT_EQ(layer.is_regression, layer.name == "encoder " + name) << layer.name;
  EXPECT_THAT(regression_text(found), HasSubstr("slower: encoder " + name));
}

TEST(Regression, what_is_allowed_is_no_regression) {
  const Json before = quiet(report());
  EXPECT_FALSE(find_regressions(before, before, 0.05).has_regression());
  EXPECT_FALSE(
      find_regressions(before, slowed(before, first_layer(before), 1.04), 0.05).has_regression());
}

TEST(Regression, a_machine_that_is_slow_as_a_whole_is_no_regression_of_a_layer) {
  const Json before = quiet(report());
  Json now = before;
  const auto slow = [](Json& rounds) {
    for (Json& us : rounds) us = us.get<double>() * 1.5;
  };
  for (Json& graph : now["timing"]) {
    slow(graph["machine_round_us"]);
    slow(graph["all"]["round_us"]);
    for (Json& layer : graph["layers"]) slow(layer["round_us"]);
  }
  const auto found = find_regressions(before, now, 0.05);
  EXPECT_FALSE(found.has_regression());
  EXPECT_NEAR(found.machine_ratio, 1.5, 1e-9);
}

TEST(Regression, one_odd_round_is_chance) {
  const Json before = quiet(report());
  Json now = before;
  now["timing"][0]["layers"][0]["round_us"][0] = 100000.0;
  EXPECT_FALSE(find_regressions(before, now, 0.05).has_regression());
}

TEST(Regression, reports_of_other_work_are_not_compared) {
  const Json before = quiet(report());
  Json now = before;
  now["works"][0]["length"] = 401;
  EXPECT_THROW(find_regressions(before, now, 0.05), Error);
  now = before;
  now["machine"]["cpu"] = "another";
  EXPECT_THROW(find_regressions(before, now, 0.05), Error);
  now = before;
  now.erase("timing");
  EXPECT_THROW(find_regressions(now, before, 0.05), Error);
}

TEST(Regression, layers_that_came_or_went_are_listed) {
  const Json before = quiet(report());
  Json now = before;
  now["timing"][0]["layers"][0]["name"] = "new";
  const auto found = find_regressions(before, now, 0.05);
  EXPECT_THAT(found.missing,
              testing::UnorderedElementsAre("encoder new", "encoder " + first_layer(before)));
}

TEST(Regression, percentages_are_read_with_and_without_sign) {
  EXPECT_DOUBLE_EQ(parse_percent("5%"), 0.05);
  EXPECT_DOUBLE_EQ(parse_percent("12.5"), 0.125);
  EXPECT_THROW(parse_percent("five"), Error);
  EXPECT_THROW(parse_percent("-1%"), Error);
}

}  // namespace
}  // namespace nest::profile
