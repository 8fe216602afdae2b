#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nest::graph {

/// Rows of floats, `stride` apart.
struct ActivationRows {
  const float* data = nullptr;
  std::int64_t rows = 0, width = 0, stride = 0;
};

/// Is shown what goes into every product (product_names()) of a model while an executor runs it,
/// before anything is rounded; zeros that pad a convolution are not shown.
class ActivationObserver {
 public:
  virtual ~ActivationObserver() = default;

  /// The number of a product, asked for when a graph is planned; the same name has the same number.
  virtual std::size_t number_of(std::string_view product) = 0;
  /// May be called from several threads at once.
  virtual void observe(std::size_t number, const ActivationRows& rows) noexcept = 0;
};

}  // namespace nest::graph
