#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nest/core/json_fwd.h"

namespace nest::profile {

/// One layer, or "all", of two reports.
struct LayerChange {
  std::string name;
  double before_us = 0;
  double now_us = 0;
  double ratio = 1;  ///< now over before, medians of the rounds' medians
  double p = 1;      ///< of times that are longer than allowed by chance; adjusted (Holm)
  bool is_regression = false;
};

struct RegressionReport {
  double max_regression = 0;  ///< 0.05: five percent longer is allowed
  double machine_ratio = 1;   ///< how much slower the machine itself was, by a loop of its own
  std::vector<LayerChange> layers;
  std::vector<std::string> missing;  ///< layers of only one of the two

  bool has_regression() const;
};
Json to_json(const RegressionReport& report);
std::string regression_text(const RegressionReport& report);

/// Compares two reports of `nest profile --json` with times, layer by layer.
///
/// A layer is slower if its rounds' medians are longer than those before times (1 + limit), by a
/// one-sided Mann-Whitney test at the 1 % level over all layers together (Holm), both as they are
/// and in units of the machine's own speed at the time: a slow spell of the whole machine is no
/// regression of a layer.
/// Errors: InvalidArgument for reports without times or of other work, models, machines, threads or
/// precisions, naming what differs; DataCorrupt for what is no report.
RegressionReport find_regressions(const Json& before, const Json& now, double max_regression);

/// "5%" and "5" are 0.05. Errors: InvalidArgument.
double parse_percent(std::string_view text);

}  // namespace nest::profile
