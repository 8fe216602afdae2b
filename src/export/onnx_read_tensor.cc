#include "onnx_read_tensor.h"

#include <array>
#include <cstring>

#include "nest/core/error.h"
#include "proto_reader.h"

namespace nest::exports {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::array<std::pair<int, DType>, 10> kTypes{{{1, DType::kF32},
                                                        {2, DType::kU8},
                                                        {3, DType::kI8},
                                                        {5, DType::kI16},
                                                        {6, DType::kI32},
                                                        {7, DType::kI64},
                                                        {9, DType::kBool},
                                                        {10, DType::kF16},
                                                        {11, DType::kF64},
                                                        {16, DType::kBF16}}};

/// A tensor's values as they come, in one of several fields.
struct Values {
  Bytes raw;
  bool has_raw = false;
  std::vector<double> numbers;         ///< float_data, double_data
  std::vector<std::int64_t> integers;  ///< int32_data (also halves, bytes, bools), int64_data
};

template <class T, class From>
void fill(Tensor& tensor, const std::vector<From>& values) {
  auto out = tensor.mutable_data<T>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(values[i]);
}

/// Halves are their bits in the fields of integers.
template <class T>
void fill_bits(Tensor& tensor, const std::vector<std::int64_t>& values) {
  auto out = tensor.mutable_data<T>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i].bits = static_cast<std::uint16_t>(values[i]);
}

void fill_integers(Tensor& tensor, const std::vector<std::int64_t>& values) {
  switch (tensor.dtype()) {
    case DType::kI64:
      return fill<std::int64_t>(tensor, values);
    case DType::kI32:
      return fill<std::int32_t>(tensor, values);
    case DType::kI16:
      return fill<std::int16_t>(tensor, values);
    case DType::kI8:
      return fill<std::int8_t>(tensor, values);
    case DType::kU8:
      return fill<std::uint8_t>(tensor, values);
    case DType::kBool:
      return fill<bool>(tensor, values);
    case DType::kF16:
      return fill_bits<Half>(tensor, values);
    case DType::kBF16:
      return fill_bits<BFloat16>(tensor, values);
    case DType::kF32:
    case DType::kF64:
      break;
  }
  fail(ErrorCode::kDataCorrupt, "floating-point values stand in a field of integers");
}

/// Errors: DataCorrupt if there are more than 2^62.
std::size_t elements_of(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t length : shape) {
    require(!__builtin_mul_overflow(count, length, &count), ErrorCode::kDataCorrupt,
            "shape {} has more elements than any file", to_string(shape));
  }
  return static_cast<std::size_t>(count);
}

Tensor make_tensor(DType dtype, const Shape& shape, const Values& values) {
  const std::size_t count = elements_of(shape);
  const bool is_float = dtype == DType::kF32 || dtype == DType::kF64;
  const std::size_t there = values.has_raw ? values.raw.size() / size_of(dtype)
                            : is_float     ? values.numbers.size()
                                           : values.integers.size();
  require(there == count && (!values.has_raw || values.raw.size() % size_of(dtype) == 0),
          ErrorCode::kDataCorrupt, "shape {} has {} values, {} are there", to_string(shape), count,
          there);
  Tensor tensor(dtype, shape);
  if (values.has_raw) {
    if (!values.raw.empty())
      std::memcpy(tensor.mutable_raw(), values.raw.data(), values.raw.size());
  } else if (dtype == DType::kF32) {
    fill<float>(tensor, values.numbers);
  } else if (dtype == DType::kF64) {
    fill<double>(tensor, values.numbers);
  } else {
    fill_integers(tensor, values.integers);
  }
  return tensor;
}

}  // namespace

DType dtype_of_onnx(std::int64_t type) {
  for (const auto& [number, dtype] : kTypes) {
    if (number == type) return dtype;
  }
  fail(ErrorCode::kUnsupported, "ONNX type {} is none that a tensor here has", type);
}

OnnxTensor read_tensor(std::span<const std::byte> bytes) {
  OnnxTensor tensor;
  Shape shape;
  Values values;
  std::int64_t type = 0;
  const auto integer = [&](std::int64_t x) { values.integers.push_back(x); };
  const auto number = [&](double x) { values.numbers.push_back(x); };
  for (ProtoReader m(bytes); m.next();) {
    switch (m.field()) {
      case 1:
        m.each_integer([&](std::int64_t length) {
          require(length >= 0, ErrorCode::kDataCorrupt, "an axis has length {}", length);
          shape.push_back(length);
        });
        break;
      case 2:
        type = m.integer();
        break;
      case 4:
        m.each_fixed<float>(number);
        break;
      case 5:
      case 7:
        m.each_integer(integer);
        break;
      case 8:
        tensor.name = m.text();
        break;
      case 9:
        values.raw = m.bytes();
        values.has_raw = true;
        break;
      case 10:
        m.each_fixed<double>(number);
        break;
      case 13:
        fail(ErrorCode::kUnsupported,
             "tensor '{}' lies in another file; save the model with its weights inside",
             tensor.name);
      default:
        break;
    }
  }
  with_context(tensor.name,
               [&] { tensor.values = make_tensor(dtype_of_onnx(type), shape, values); });
  return tensor;
}

}  // namespace nest::exports
