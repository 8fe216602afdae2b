#include "narrow_file.h"

#include "nest/core/base64.h"
#include "nest/core/config.h"
#include "nest/core/deflate.h"
#include "nest/core/error.h"
#include "nest/graph/code_rows.h"
#include "nest/graph/old_code_rows.h"

namespace nest::deploy {
namespace {

constexpr std::size_t kMostEntry = std::size_t{64} << 20;

std::int64_t columns_of(const Shape& shape) {
  return shape.front() == 0 ? 0 : numel(shape) / shape.front();
}

Tensor narrow(const Tensor& weight, const graph::LayerQuantization& how) {
  if (how.precision == graph::Precision::kFp16) return weight.to(DType::kF16);
  if (how.precision == graph::Precision::kBf16) return weight.to(DType::kBF16);
  const std::int64_t rows = weight.dim(0), columns = columns_of(weight.shape());
  Tensor bytes(DType::kU8, {rows, graph::row_bytes(how.precision, columns)});
  const Tensor floats = weight.to(DType::kF32);
  graph::write_rows(floats.data<float>(), rows, columns, how,
                    static_cast<std::byte*>(bytes.mutable_raw()));
  return bytes;
}

Tensor wide(const Tensor& bytes, const Shape& shape, graph::Precision precision, bool is_old) {
  const std::int64_t rows = shape.front(), columns = columns_of(shape);
  const bool is_old_int4 = is_old && precision == graph::Precision::kInt4;
  const Shape expected{rows, is_old_int4 ? graph::old_int4_row_bytes(columns)
                                         : graph::row_bytes(precision, columns)};
  require(bytes.shape() == expected, ErrorCode::kDataCorrupt,
          "{} codes of {} have {} bytes, expected {}", name_of(precision), to_string(shape),
          to_string(bytes.shape()), to_string(expected));
  const auto* stored = static_cast<const std::byte*>(bytes.raw());
  return Tensor::from(shape, is_old_int4 ? graph::read_old_int4_rows(stored, rows, columns)
                                         : graph::read_rows(stored, rows, columns, precision));
}

}  // namespace

TensorMap narrowed(const graph::Model& model) {
  TensorMap weights = model.weights;
  for (const auto& [name, how] : graph::narrow_weights(model)) {
    const auto found = weights.find(name);
    require(found != weights.end(), ErrorCode::kNotFound, "weight '{}' is missing", name);
    found->second = narrow(found->second, how);
  }
  for (const auto& [name, table] : graph::positional_tables(model)) {
    const auto found = weights.find(name);
    if (found != weights.end() && bit_equal(found->second, table)) weights.erase(found);
  }
  return weights;
}

void widen(TensorMap& weights, graph::Model& model, std::int64_t code_rows) {
  if (model.quantization == graph::Quantization{}) return;
  require(code_rows <= graph::kCodeRows, ErrorCode::kUnsupported,
          "weights in rows of version {}, this build reads {} and earlier ones", code_rows,
          graph::kCodeRows);
  weights.merge(graph::positional_tables(model));
  const auto how = graph::narrow_weights(model);
  for (const graph::WeightInfo& info : graph::weight_infos(model)) {
    const auto found = weights.find(info.name);
    const auto narrow = how.find(info.name);
    if (found == weights.end() || narrow == how.end() || found->second.dtype() != DType::kU8)
      continue;
    with_context("tensor '" + info.name + "'", [&] {
      found->second =
          wide(found->second, info.shape, narrow->second.precision, code_rows < graph::kCodeRows);
    });
  }
  if (code_rows < graph::kCodeRows) graph::make_int8_of_int4(model.quantization);
}

Json packed_entry(const Json& entry) {
  const std::string packed = deflated(entry.dump());
  return base64_encode(std::as_bytes(std::span(packed)));
}

Json unpacked_entry(const Json& entry, std::string_view name) {
  if (!entry.is_string()) return entry;
  const std::vector<std::byte> packed = base64_decode(entry.get<std::string>());
  const std::string text =
      inflated({reinterpret_cast<const char*>(packed.data()), packed.size()}, kMostEntry);
  return parse_json(text, std::string(name));
}

}  // namespace nest::deploy
