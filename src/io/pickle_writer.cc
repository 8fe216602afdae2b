#include "io/pickle_writer.h"

#include <bit>
#include <limits>

#include "nest/core/error.h"

namespace nest::io {
namespace {

std::string_view storage_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "FloatStorage";
    case DType::kF64:
      return "DoubleStorage";
    case DType::kF16:
      return "HalfStorage";
    case DType::kBF16:
      return "BFloat16Storage";
    case DType::kI8:
      return "CharStorage";
    case DType::kU8:
      return "ByteStorage";
    case DType::kI16:
      return "ShortStorage";
    case DType::kI32:
      return "IntStorage";
    case DType::kI64:
      return "LongStorage";
    case DType::kBool:
      return "BoolStorage";
  }
  fail(ErrorCode::kInternal, "unknown element type {}", static_cast<int>(dtype));
}

Shape contiguous_strides(const Shape& shape) {
  Shape strides(shape.size());
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = step;
    step *= std::max<std::int64_t>(shape[axis], 1);
  }
  return strides;
}

}  // namespace

void PickleWriter::text(std::string_view value) {
  require(value.size() <= std::numeric_limits<std::uint32_t>::max(), ErrorCode::kInvalidArgument,
          "a text of {} bytes is too long for a checkpoint", value.size());
  text_ += 'X';
  raw(static_cast<std::uint32_t>(value.size()));
  text_ += value;
}

void PickleWriter::integer(std::int64_t value) {
  if (value >= std::numeric_limits<std::int32_t>::min() &&
      value <= std::numeric_limits<std::int32_t>::max()) {
    text_ += 'J';
    raw(static_cast<std::int32_t>(value));
  } else {
    text_ += "\x8a\x08";
    raw(value);
  }
}

void PickleWriter::unsigned_integer(std::uint64_t value) {
  require(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
          ErrorCode::kInvalidArgument, "the integer {} does not fit into 63 bits", value);
  integer(static_cast<std::int64_t>(value));
}

void PickleWriter::real(double value) {
  text_ += 'G';
  raw(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
}

void PickleWriter::json(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      text_ += 'N';
      return;
    case Json::value_t::boolean:
      text_ += value.get<bool>() ? '\x88' : '\x89';
      return;
    case Json::value_t::number_integer:
      integer(value.get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      unsigned_integer(value.get<std::uint64_t>());
      return;
    case Json::value_t::number_float:
      real(value.get<double>());
      return;
    case Json::value_t::string:
      text(value.get_ref<const std::string&>());
      return;
    case Json::value_t::array:
      text_ += "](";
      for (const Json& item : value) json(item);
      text_ += 'e';
      return;
    case Json::value_t::object:
      begin_dict();
      for (const auto& [key, member] : value.items()) {
        text(key);
        json(member);
      }
      end_dict();
      return;
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  fail(ErrorCode::kInvalidArgument, "a checkpoint cannot hold the value {}", value.dump());
}

void PickleWriter::global(std::string_view module, std::string_view name) {
  text_ += fmt::format("c{}\n{}\n", module, name);
}

void PickleWriter::ordered_dict() {
  global("collections", "OrderedDict");
  text_ += ")R";
}

void PickleWriter::integers(const Shape& values) {
  text_ += '(';
  for (const std::int64_t value : values) integer(value);
  text_ += 't';
}

void PickleWriter::tensor(const Tensor& tensor, std::string_view key) {
  global("torch._utils", "_rebuild_tensor_v2");
  text_ += "((";
  text("storage");
  global("torch", storage_of(tensor.dtype()));
  text(key);
  text("cpu");
  integer(tensor.numel());
  text_ += "tQ";
  integer(0);
  integers(tensor.shape());
  integers(contiguous_strides(tensor.shape()));
  text_ += '\x89';
  ordered_dict();
  text_ += "tR";
}

}  // namespace nest::io
