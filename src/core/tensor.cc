#include "nest/core/tensor.h"

#include <cmath>
#include <cstring>
#include <new>

#include <fmt/ranges.h>

#include "nest/core/error.h"

namespace nest {
namespace {

template <class T>
double load(const void* data, std::int64_t i) {
  const T value = static_cast<const T*>(data)[i];
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    return static_cast<double>(to_float(value));
  } else {
    return static_cast<double>(value);
  }
}

template <class T>
void store(void* data, std::int64_t i, double value) {
  auto* out = static_cast<T*>(data) + i;
  if constexpr (std::is_same_v<T, Half>) {
    *out = to_half(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, BFloat16>) {
    *out = to_bfloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    *out = value != 0;
  } else {
    *out = static_cast<T>(value);
  }
}

template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kF32:
      return f.template operator()<float>();
    case DType::kF64:
      return f.template operator()<double>();
    case DType::kF16:
      return f.template operator()<Half>();
    case DType::kBF16:
      return f.template operator()<BFloat16>();
    case DType::kI8:
      return f.template operator()<std::int8_t>();
    case DType::kU8:
      return f.template operator()<std::uint8_t>();
    case DType::kI16:
      return f.template operator()<std::int16_t>();
    case DType::kI32:
      return f.template operator()<std::int32_t>();
    case DType::kI64:
      return f.template operator()<std::int64_t>();
    case DType::kBool:
      return f.template operator()<bool>();
  }
  fail(ErrorCode::kInternal, "unknown element type {}", static_cast<int>(dtype));
}

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 ||
         dtype == DType::kBF16;
}

}  // namespace

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::int64_t numel(const Shape& shape) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 62;
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 0) {  // asked for every tensor: the text is made for an error only
      fail(ErrorCode::kInvalidArgument, "negative dimension in shape {}", to_string(shape));
    }
    if (dim > 0 && count > kLimit / dim) {
      fail(ErrorCode::kInvalidArgument, "shape {} has more than 2^62 elements", to_string(shape));
    }
    count *= dim;
  }
  return count;
}

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype), shape_(std::move(shape)), numel_(nest::numel(shape_)) {
  const std::size_t bytes = nbytes();
  void* memory = ::operator new (bytes == 0 ? 1 : bytes, std::align_val_t{kAlignment});
  std::memset(memory, 0, bytes);
  owner_ = std::shared_ptr<const void>(
      memory, [](void* p) { ::operator delete (p, std::align_val_t{kAlignment}); });
  data_ = memory;
}

Tensor Tensor::view(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.numel_ = nest::numel(tensor.shape_);
  tensor.owner_ = std::move(owner);
  tensor.data_ = data;
  tensor.read_only_ = true;
  return tensor;
}

std::int64_t Tensor::dim(int axis) const {
  const int rank = static_cast<int>(shape_.size());
  const int index = axis < 0 ? axis + rank : axis;
  if (index < 0 || index >= rank) {  // the shape is spelled out only then: this is asked in loops
    fail(ErrorCode::kInvalidArgument, "axis {} is out of range for shape {}", axis,
         to_string(shape_));
  }
  return shape_[static_cast<std::size_t>(index)];
}

Tensor Tensor::clone() const {
  Tensor copy(dtype_, shape_);
  if (numel_ > 0) std::memcpy(copy.writable(), data_, nbytes());
  return copy;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  require(!is_float(dtype_) || is_float(dtype), ErrorCode::kUnsupported,
          "conversion from {} to {} would lose values; quantize instead", name_of(dtype_),
          name_of(dtype));
  Tensor out(dtype, shape_);
  void* to = out.writable();
  dispatch(dtype_, [&]<class From>() {
    dispatch(dtype, [&]<class To>() {
      for (std::int64_t i = 0; i < numel_; ++i) {
        if constexpr (std::is_integral_v<From> && std::is_integral_v<To>) {
          static_cast<To*>(to)[i] = static_cast<To>(static_cast<const From*>(data_)[i]);
        } else {
          store<To>(to, i, load<From>(data_, i));
        }
      }
    });
  });
  return out;
}

Tensor Tensor::reshaped(Shape shape) const {
  require(nest::numel(shape) == numel_, ErrorCode::kInvalidArgument,
          "cannot reshape {} to {}: the number of elements differs", to_string(shape_),
          to_string(shape));
  Tensor out = *this;
  out.shape_ = std::move(shape);
  return out;
}

void Tensor::expect(DType dtype) const {
  require(dtype == dtype_, ErrorCode::kInvalidArgument, "tensor holds {}, not {}", name_of(dtype_),
          name_of(dtype));
}

void* Tensor::writable() {
  require(!read_only_, ErrorCode::kInvalidArgument,
          "tensor is a read-only view; clone() it before writing");
  return const_cast<void*>(data_);
}

void Tensor::assign(const void* values, std::size_t count) {
  require(count == static_cast<std::size_t>(numel_), ErrorCode::kInvalidArgument,
          "{} values do not fill shape {}", count, to_string(shape_));
  if (count > 0) std::memcpy(writable(), values, nbytes());
}

bool bit_equal(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.numel() == 0 || std::memcmp(a.raw(), b.raw(), a.nbytes()) == 0);
}

}  // namespace nest
