#pragma once

#include <cstddef>
#include <cstdint>

#include "nest/graph/activation_observer.h"

namespace nest::runtime {

/// How the activations of one product become 8-bit codes.
struct ActivationScale {
  float fixed = 0;  ///< one code, from calibration; 0: every row has its own, largest / 127
  graph::ActivationObserver* observer = nullptr;  ///< null: nobody looks
  std::size_t number = 0;                         ///< what the observer calls the product

  void show(const float* x, std::int64_t rows, std::int64_t width,
            std::int64_t stride) const noexcept {
    if (observer != nullptr) observer->observe(number, {x, rows, width, stride});
  }
};

}  // namespace nest::runtime
