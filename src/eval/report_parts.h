#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nest/eval/report.h"

/// Pieces of the HTML report: each gives one block of markup, empty if there is nothing to show.
namespace nest::eval::report {

/// "12.3", "n/a" for NaN.
std::string number(double value, int digits = 1);
/// 0.123 as "12.3 %", "n/a" for NaN.
std::string percent(double value, int digits = 1);
/// "[10.1, 14.9]", in percent where the metric is a rate; "[n/a]" if it is undefined.
std::string interval(const text::ScoreIntervals& intervals, text::Metric metric);
/// The value of a metric as percent() or, for BLEU, number().
std::string metric_value(const Summary& summary, text::Metric metric, int digits = 1);
/// What Recognizer::info() says under a key; empty if it says nothing.
std::string model_text(const Json& model, const char* key);

/// The live figures beside those of utterances that were cut out; empty without any.
std::string streamed_html(const Summary& cut, const Summary* streamed);
std::string streamed_markdown(const Summary& cut, const Summary* streamed);

std::string subject_plot(const std::vector<GroupScore>& subjects);
std::string latency_plot(const Results& results, const Latency& latency);
std::string calibration_plot(const std::optional<Calibration>& calibration);
std::string confusion_plot(const std::vector<Confusion>& confusions);
std::string control_plot(const std::optional<AuditVerdict>& audit);
std::string eeg_plot(const ReportSignal& signal, const UtteranceResult& utterance);
/// Reference over hypothesis, cell by cell, errors marked by colour and letter.
std::string alignment_html(const std::string& reference, const std::string& hypothesis);

std::string_view style_sheet();

}  // namespace nest::eval::report
