#include "nest/eval/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/eval/audit.h"
#include "tests/eval/fakes.h"

namespace nest::eval {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Material {
  Results results;
  Summary summary;
  AuditVerdict audit;
  std::vector<ReportSignal> signals;

  ReportContent content() const { return {results, summary, audit, signals}; }
};

Material make_material() {
  AuditOptions options;
  options.eval.summary.bootstrap.replicates = 200;
  options.shuffles = 3;
  AuditInputs inputs;
  inputs.factory = fake::honest();
  inputs.test = fake::make_set(0, 40, "test", 3.0);
  inputs.test.utterances[7].text = "<b>&\"quoted\"";
  inputs.test.failures.push_back({"bad", "s1", "r1", data::ProblemKind::kWrongRate, "256 <Hz>"});
  inputs.utterances = inputs.test.utterances;
  const EvalSet train = fake::make_set(40, 80, "train");
  inputs.utterances.insert(inputs.utterances.end(), train.utterances.begin(),
                           train.utterances.end());
  Material material;
  material.results = ModelEvaluator(inputs.factory, options.eval).evaluate(inputs.test);
  material.summary = summarize(material.results, options.eval.summary);
  material.audit = audit(inputs, options).verdict();
  for (const std::string& id : report_example_ids(material.results)) {
    for (std::size_t i = 0; i < inputs.test.utterances.size(); ++i) {
      if (inputs.test.utterances[i].id != id) continue;
      material.signals.push_back({id, inputs.test.load(i), fake::kRate, inputs.test.channels});
    }
  }
  return material;
}

TEST(Report, live_figures_stand_beside_those_of_cut_utterances) {
  const Material m = make_material();
  ReportContent content = m.content();
  EXPECT_THAT(report_html(content), Not(HasSubstr("<h2>Live</h2>")));
  Summary streamed = m.summary;
  StreamedFigures& live = streamed.streamed.emplace();
  live.background_s = 120;
  live.background_characters = 30;
  live.delays_s = {0.25, 0.5};
  content.streamed = &streamed;
  for (const std::string& text : {report_html(content), report_markdown(content)}) {
    EXPECT_THAT(text, HasSubstr("Live"));
    EXPECT_THAT(text, HasSubstr("15.0 in 2.0 minutes of background"));
    EXPECT_THAT(text, HasSubstr("at most 0.50"));
  }
}

TEST(Report, html_stands_alone_and_shows_every_part) {
  const Material m = make_material();
  ASSERT_EQ(m.signals.size(), 3u);
  const std::string html = report_html(m.content());
  for (const char* part :
       {"word error rate", "Audit: ", "EEG against controls", "Latency", "Confusion of characters",
        "Subjects", "Examples", "EEG with token times", "Not decoded", "Signatures",
        "prefers-color-scheme: dark", "width=device-width"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  for (const char* foreign : {"http://", "https://", "<script", "<link", "@import", "url("}) {
    EXPECT_THAT(html, Not(HasSubstr(foreign)));
  }
}

TEST(Report, foreign_text_is_escaped) {
  const Material m = make_material();
  const std::string html = report_html(m.content());
  EXPECT_THAT(html, Not(HasSubstr("<b>&\"")));
  EXPECT_THAT(html, Not(HasSubstr("256 <Hz>")));
  EXPECT_THAT(html, HasSubstr("256 &lt;Hz&gt;"));
}

TEST(Report, works_without_audit_and_signals_and_for_an_empty_set) {
  const Material m = make_material();
  EXPECT_THAT(report_html({m.results, m.summary}), Not(HasSubstr("Audit")));
  Results empty;
  empty.model = Json::object();
  const Summary summary = summarize(empty, empty.options.summary);
  EXPECT_THAT(report_html({empty, summary}), HasSubstr("0 of 0 utterances"));
  EXPECT_THAT(report_markdown({empty, summary}), HasSubstr("0 of 0 utterances"));
}

TEST(Report, markdown_has_the_tables) {
  const Material m = make_material();
  const std::string text = report_markdown(m.content());
  for (const char* part : {"| wer |", "| total_ms |", "## Audit: ", "| s3 |", "wrong-rate"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Report, results_read_back_from_their_file_give_the_same_report) {
  const Material m = make_material();
  const Json file = to_json(m.results, m.summary);
  const Results read = results_from_json(file);
  const Summary summary = summarize(read, read.options.summary);
  EXPECT_EQ(to_json(read, summary), file);
  EXPECT_EQ(report_markdown({read, summary}), report_markdown({m.results, m.summary}));
}

TEST(Report, other_files_are_refused) {
  EXPECT_THROW(results_from_json(Json::object()), Error);
  EXPECT_THROW(results_from_json(Json{{"schema", "nest.results/1"}}), Error);
  Json broken = to_json(make_material().results, make_material().summary);
  broken["failures"][0]["kind"] = "bad luck";
  EXPECT_THROW(results_from_json(broken), Error);
}

}  // namespace
}  // namespace nest::eval
