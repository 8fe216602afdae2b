#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "reference/counted.h"

namespace nest::reference {

/// A dense row-major array of counting numbers.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<Counted> values;

  Array() = default;
  explicit Array(std::vector<std::int64_t> dims) : shape(std::move(dims)) {
    std::size_t size = 1;
    for (const std::int64_t dim : shape) size *= static_cast<std::size_t>(dim);
    values.resize(size);
  }

  std::int64_t dim(int axis) const {
    return shape.at(static_cast<std::size_t>(axis < 0 ? axis + rank() : axis));
  }
  int rank() const { return static_cast<int>(shape.size()); }

  template <class... Index>
  Counted& operator()(Index... index) {
    return values[offset({static_cast<std::int64_t>(index)...})];
  }
  template <class... Index>
  const Counted& operator()(Index... index) const {
    return values[offset({static_cast<std::int64_t>(index)...})];
  }
  std::size_t offset(const std::vector<std::int64_t>& index) const {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) at = at * shape[i] + index.at(i);
    return static_cast<std::size_t>(at);
  }
};

/// Calls f with every index of a shape, the last axis fastest.
inline void for_each_index(const std::vector<std::int64_t>& shape,
                           const std::function<void(const std::vector<std::int64_t>&)>& f) {
  std::vector<std::int64_t> index(shape.size(), 0);
  for (const std::int64_t dim : shape) {
    if (dim == 0) return;
  }
  while (true) {
    f(index);
    int axis = static_cast<int>(shape.size()) - 1;
    for (; axis >= 0; --axis) {
      const auto a = static_cast<std::size_t>(axis);
      if (++index[a] < shape[a]) break;
      index[a] = 0;
    }
    if (axis < 0) return;
  }
}

using Inputs = std::vector<const Array*>;  ///< null where absent
using Arrays = std::vector<Array>;

}  // namespace nest::reference
