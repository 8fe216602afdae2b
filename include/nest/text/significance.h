#pragma once

#include "nest/text/bootstrap.h"

namespace nest::text {

/// Two systems on the same units: does the difference b - a hold up?
struct PairedResult {
  double a = 0;
  double b = 0;
  Interval delta;              ///< of b - a, by paired bootstrap
  double p_bootstrap = 1;      ///< two-sided
  double p_randomization = 1;  ///< two-sided
};
Json to_json(const PairedResult& result);

/// Paired bootstrap and approximate randomisation of one statistic.
///
/// Bootstrap: both systems see the same samples of units; p = (1 + #{|d* - d| >= |d|}) / (R + 1).
/// Randomisation: each unit's two outputs change places with probability 1/2;
/// p = (1 + #{|d*| >= |d|}) / (R + 1).
/// Errors: InvalidArgument if the tables differ in size; Interrupted.
/// Source: Koehn 2004; Noreen 1989; Riezler & Maxwell 2005
PairedResult compare_paired(const CountTable& a, const CountTable& b, const Statistic& statistic,
                            const BootstrapOptions& options, const Job& job = {});

}  // namespace nest::text
