#pragma once

#include <array>
#include <vector>

namespace nest::signal {

/// One second-order section, normalised to a0 = 1:
/// H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2).
struct SosSection {
  double b0 = 1;
  double b1 = 0;
  double b2 = 0;
  double a1 = 0;
  double a2 = 0;
};

/// A cascade of second-order sections; the signal passes the first one first. Empty: identity.
using Sos = std::vector<SosSection>;

/// The two delay elements of one section in transposed direct form II.
using SosState = std::array<double, 2>;

}  // namespace nest::signal
