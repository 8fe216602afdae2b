#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nest/core/dtype.h"

namespace nest {

using Shape = std::vector<std::int64_t>;

/// "[2, 8, 200]"
std::string to_string(const Shape& shape);
/// Number of elements. Errors: InvalidArgument for a negative dimension or an overflow of 2^62.
std::int64_t numel(const Shape& shape);

/// Alignment of every buffer this project allocates, in bytes (one cache line, one AVX-512 vector).
inline constexpr std::size_t kAlignment = 64;

/// A dense row-major array: the exchange type between files, executors and tests.
///
/// Copies share storage. A tensor made by `view` borrows foreign memory (a mapped file) and keeps
/// its owner alive; it is read-only. The hot path of the runtime does not use this type.
class Tensor {
 public:
  Tensor() = default;
  /// Zero-initialised and 64-byte aligned.
  Tensor(DType dtype, Shape shape);

  /// Borrows `data`; `owner` keeps it alive. Read-only.
  static Tensor view(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner);

  /// A copy of the values. Errors: InvalidArgument unless they are as many as the shape has.
  template <class T>
  static Tensor from(Shape shape, std::span<const T> values) {
    Tensor tensor(dtype_of<T>(), std::move(shape));
    tensor.assign(values.data(), values.size());
    return tensor;
  }
  template <class T>
  static Tensor from(Shape shape, const std::vector<T>& values) {
    return from<T>(std::move(shape), std::span<const T>(values));
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.size(); }
  /// Negative axes count from the end. Errors: InvalidArgument if out of range.
  std::int64_t dim(int axis) const;
  std::int64_t numel() const { return numel_; }
  std::size_t nbytes() const { return static_cast<std::size_t>(numel_) * size_of(dtype_); }
  bool empty() const { return numel_ == 0; }
  bool defined() const { return data_ != nullptr || numel_ != 0 || !shape_.empty(); }

  /// Errors: InvalidArgument if T is not the element type.
  template <class T>
  std::span<const T> data() const {
    expect(dtype_of<T>());
    return {static_cast<const T*>(data_), static_cast<std::size_t>(numel_)};
  }
  /// Errors: InvalidArgument if T is not the element type or the tensor is a read-only view.
  template <class T>
  std::span<T> mutable_data() {
    expect(dtype_of<T>());
    return {static_cast<T*>(writable()), static_cast<std::size_t>(numel_)};
  }
  const void* raw() const { return data_; }
  void* mutable_raw() { return writable(); }

  /// A copy with its own storage.
  Tensor clone() const;
  /// Same values, other element type (rounding to nearest, ties to even for floats).
  /// Errors: Unsupported for a conversion from float to a narrower integer.
  Tensor to(DType dtype) const;
  /// Same storage, other shape. Errors: InvalidArgument if the number of elements differs.
  Tensor reshaped(Shape shape) const;

 private:
  void expect(DType dtype) const;
  void* writable();
  void assign(const void* values, std::size_t count);

  DType dtype_ = DType::kF32;
  Shape shape_;
  std::int64_t numel_ = 0;
  std::shared_ptr<const void> owner_;
  const void* data_ = nullptr;
  bool read_only_ = false;
};

/// True if type, shape and every byte agree.
bool bit_equal(const Tensor& a, const Tensor& b);

/// Tensors by name, in name order: graph inputs and outputs, state dicts.
using TensorMap = std::map<std::string, Tensor, std::less<>>;

}  // namespace nest
