#include <algorithm>
#include <cstring>

#include "nest/core/error.h"
#include "raise.h"

/// Constants that an exporter left to be computed.
namespace nest::exports {

Tensor transposed_matrix(const Tensor& from) {
  require(from.rank() == 2, ErrorCode::kUnsupported, "a constant {} is transposed",
          to_string(from.shape()));
  Tensor to(from.dtype(), {from.dim(1), from.dim(0)});
  const std::size_t element = size_of(from.dtype());
  const auto rows = static_cast<std::size_t>(from.dim(0));
  const auto columns = static_cast<std::size_t>(from.dim(1));
  const auto* in = static_cast<const std::byte*>(from.raw());
  if (from.empty()) return to;
  auto* out = static_cast<std::byte*>(to.mutable_raw());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j)
      std::memcpy(out + (j * rows + i) * element, in + (i * columns + j) * element, element);
  }
  return to;
}

Tensor sliced_constant(const Tensor& from, std::int64_t axis, std::int64_t begin, std::int64_t end,
                       std::int64_t step) {
  const auto rank = static_cast<std::int64_t>(from.rank());
  const std::int64_t at = axis < 0 ? axis + rank : axis;
  require(at == 0 && rank >= 1 && step != 0, ErrorCode::kUnsupported,
          "a constant {} is cut along axis {} in steps of {}", to_string(from.shape()), axis, step);
  const std::int64_t length = from.dim(0);
  const auto bound = [&](std::int64_t i, std::int64_t least, std::int64_t most) {
    return std::clamp(i < 0 ? std::max(i, -length - 1) + length : i, least, most);
  };
  const bool is_forward = step > 0;
  const std::int64_t first = is_forward ? bound(begin, 0, length) : bound(begin, -1, length - 1);
  const std::int64_t last = is_forward ? bound(end, 0, length) : bound(end, -1, length - 1);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = first; is_forward ? i < last : i > last; i += step) {
    rows.push_back(i);
    if (static_cast<std::int64_t>(rows.size()) >= length) break;
  }
  Shape shape = from.shape();
  shape[0] = static_cast<std::int64_t>(rows.size());
  Tensor to(from.dtype(), shape);
  if (to.empty()) return to;
  const std::size_t bytes = to.nbytes() / rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(
        static_cast<std::byte*>(to.mutable_raw()) + i * bytes,
        static_cast<const std::byte*>(from.raw()) + static_cast<std::size_t>(rows[i]) * bytes,
        bytes);
  return to;
}

}  // namespace nest::exports
