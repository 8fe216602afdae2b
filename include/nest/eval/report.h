#pragma once

#include <span>
#include <string>
#include <vector>

#include "nest/core/json.h"
#include "nest/core/tensor.h"

namespace nest::eval {

/// The signal of one utterance, for its picture. `id` is that of the results file.
struct ReportSignal {
  std::string id;
  Tensor signal;  ///< [channels, samples] float32
  double rate_hz = 0;
  std::vector<std::string> channels;
};

/// One HTML file that needs nothing else: tables, inline SVG, light and dark, narrow and wide.
///
/// `results` is a results file (nest.results/1); `audit` an audit verdict or null. Utterances in
/// `signals` are shown with their EEG and token times. Errors: DataCorrupt for another schema.
std::string report_html(const Json& results, const Json& audit,
                        std::span<const ReportSignal> signals = {});

/// The tables as Markdown. Errors: DataCorrupt for another schema.
std::string report_markdown(const Json& results, const Json& audit);

/// Ids worth a picture: the worst, the median and the best utterance by character error rate.
std::vector<std::string> report_example_ids(const Json& results);

}  // namespace nest::eval
