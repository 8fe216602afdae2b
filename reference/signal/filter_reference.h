#pragma once

#include <vector>

#include "nest/signal/sos.h"

namespace nest::reference {

/// The obvious sosfilt of one channel: the twin of SosFilter, same operations in the same order.
inline std::vector<double> filter_channel(const signal::Sos& sos, std::vector<double> signal,
                                          std::vector<signal::SosState>& state) {
  for (double& sample : signal) {
    double x = sample;
    for (std::size_t s = 0; s < sos.size(); ++s) {
      const double y = sos[s].b0 * x + state[s][0];
      state[s][0] = (sos[s].b1 * x + state[s][1]) - sos[s].a1 * y;
      state[s][1] = sos[s].b2 * x - sos[s].a2 * y;
      x = y;
    }
    sample = x;
  }
  return signal;
}

}  // namespace nest::reference
