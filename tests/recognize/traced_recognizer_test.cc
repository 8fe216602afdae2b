#include "nest/recognize/traced_recognizer.h"

#include <gtest/gtest.h>

#include "nest/core/json.h"
#include "nest/recognize/recognizer.h"
#include "tests/recognize/toy.h"

namespace nest::recognize {
namespace {

TEST(TracedRecognizer, draws_every_call_and_changes_no_result) {
  const Bundle bundle = make_bundle(make_runnable(toy::ctc_model()));
  const std::vector<Tensor> signals{toy::signal(1), toy::signal(2)};
  Trace trace;
  const auto drawn = traced(make_recognizer(bundle), trace);
  const auto got = drawn->recognize(signals), want = make_recognizer(bundle)->recognize(signals);
  for (std::size_t i = 0; i < signals.size(); ++i) EXPECT_EQ(got[i].text, want[i].text);
  EXPECT_EQ(drawn->info(), make_recognizer(bundle)->info());
  std::map<std::string, int> events;
  const Json json = trace.to_json();  // outlives the loop
  for (const Json& event : json["traceEvents"]) ++events[event["name"].get<std::string>()];
  EXPECT_EQ(events["recognize"], 1);
  EXPECT_EQ(events["encode"], 2);
  EXPECT_EQ(events["decode"], 2);
}

}  // namespace
}  // namespace nest::recognize
