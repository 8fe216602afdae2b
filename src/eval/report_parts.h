#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/json.h"
#include "nest/eval/report.h"

/// Pieces of the HTML report: each gives one block of markup, empty if there is nothing to show.
namespace nest::eval::report {

std::string escape(std::string_view text);
/// "12.3 %", "n/a" for null.
std::string percent(const Json& value, int digits = 1);
/// "12.3", "n/a" for null.
std::string number(const Json& value, int digits = 1, double factor = 1);
/// "[10.1, 14.9]" of an interval, "[n/a]" if it is undefined.
std::string interval(const Json& entry, double factor);

/// Width of a plot in user units; equal to a phone's width, so that text keeps its size there.
inline constexpr double kPlotWidth = 360;

std::string subject_plot(const Json& subjects);
std::string latency_plot(const Json& utterances, const Json& latency);
std::string calibration_plot(const Json& calibration);
std::string confusion_plot(const Json& confusions);
std::string control_plot(const Json& audit);
std::string eeg_plot(const ReportSignal& signal, const Json& utterance);
/// Reference over hypothesis, cell by cell, errors marked by colour and letter.
std::string alignment_html(const std::string& reference, const std::string& hypothesis);

std::string_view style_sheet();
/// Errors: DataCorrupt.
void require_schemas(const Json& results, const Json& audit);

}  // namespace nest::eval::report
