#include <algorithm>
#include <cstring>

#include "nest/core/dtype.h"
#include "nest/core/error.h"
#include "nest/graph/codes.h"
#include "runtime/binder.h"

/// Rows of a table, stored as its quantization says and turned into floats when a token asks.
namespace nest::runtime {
namespace {

constexpr std::int64_t kBlockBytes = 2 + graph::kInt4Block / 2;  ///< int4: half scale, nibbles

/// Bytes of one row: int8 a float scale and codes; int4 blocks; 16 bits or 32 a value.
std::int64_t row_bytes(Precision precision, std::int64_t width) {
  switch (precision) {
    case Precision::kFp16:
    case Precision::kBf16:
      return 2 * width;
    case Precision::kInt8:
      return 4 + width;
    case Precision::kInt4:
      return (width + graph::kInt4Block - 1) / graph::kInt4Block * kBlockBytes;
    default:
      return 4 * width;
  }
}

void pack_int8(const graph::WeightCodes& codes, std::int64_t rows, std::int64_t width,
               std::byte* out) {
  for (std::int64_t r = 0; r < rows; ++r, out += 4 + width) {
    std::memcpy(out, &codes.scales[static_cast<std::size_t>(r)], 4);
    std::memcpy(out + 4, codes.codes.data() + r * width, static_cast<std::size_t>(width));
  }
}

void pack_int4(const graph::WeightCodes& codes, std::int64_t rows, std::int64_t width,
               std::byte* out) {
  std::size_t block = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t begin = 0; begin < width; begin += graph::kInt4Block, out += kBlockBytes) {
      const Half scale = to_half(codes.scales[block++]);
      std::memcpy(out, &scale.bits, 2);
      const std::int64_t end = std::min<std::int64_t>(begin + graph::kInt4Block, width);
      for (std::int64_t i = begin; i < end; ++i) {
        const int code = codes.codes[static_cast<std::size_t>(r * width + i)] + 8;
        std::byte& byte = out[2 + (i - begin) / 2];
        byte |= static_cast<std::byte>((i - begin) % 2 == 0 ? code : code << 4);
      }
    }
  }
}

void pack(const graph::LayerQuantization& how, const std::vector<float>& table, std::int64_t rows,
          std::int64_t width, std::byte* out) {
  if (how.precision == Precision::kInt8) {
    pack_int8(graph::weight_codes(table, rows, width, how), rows, width, out);
  } else if (how.precision == Precision::kInt4) {
    pack_int4(graph::weight_codes(table, rows, width, how), rows, width, out);
  } else if (how.precision == Precision::kFp32) {
    std::memcpy(out, table.data(), table.size() * 4);
  } else {
    const bool is_fp16 = how.precision == Precision::kFp16;
    auto* to = reinterpret_cast<std::uint16_t*>(out);
    for (const float value : table) *to++ = is_fp16 ? to_half(value).bits : to_bfloat16(value).bits;
  }
}

class EmbeddingStep : public Step {
 public:
  std::int64_t tokens = 0, width = 0, vocab = 0;
  Precision precision = Precision::kFp32;
  const std::byte* table = nullptr;
  Slot x = kNoSlot, y = kNoSlot;

  /// Tokens are checked when they enter (see run_checks.h); the clamp only keeps memory safe.
  void run(const Frame& f) const noexcept override {
    const std::int64_t bytes = row_bytes(precision, width);
    for (std::int64_t i = 0; i < tokens; ++i) {
      const std::int64_t token = std::clamp<std::int64_t>(f.at<std::int64_t>(x)[i], 0, vocab - 1);
      unpack(table + token * bytes, f.at(y) + i * width);
    }
  }

 private:
  void unpack(const std::byte* row, float* to) const noexcept {
    switch (precision) {
      case Precision::kInt8:
        unpack_int8(row, to);
        break;
      case Precision::kInt4:
        unpack_int4(row, to);
        break;
      case Precision::kFp16:
      case Precision::kBf16:
        for (std::int64_t i = 0; i < width; ++i) to[i] = half(row + 2 * i);
        break;
      default:
        std::memcpy(to, row, static_cast<std::size_t>(width) * sizeof(float));
    }
  }
  float half(const std::byte* at) const noexcept {
    std::uint16_t bits = 0;
    std::memcpy(&bits, at, 2);
    return precision == Precision::kBf16 ? to_float(BFloat16{bits}) : to_float(Half{bits});
  }
  void unpack_int8(const std::byte* row, float* to) const noexcept {
    float scale = 0;
    std::memcpy(&scale, row, 4);
    for (std::int64_t i = 0; i < width; ++i)
      to[i] = scale * static_cast<float>(static_cast<std::int8_t>(row[4 + i]));
  }
  void unpack_int4(const std::byte* row, float* to) const noexcept {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::byte* block = row + i / graph::kInt4Block * kBlockBytes;
      const auto byte = static_cast<int>(block[2 + i % graph::kInt4Block / 2]);
      const int code = (i % 2 == 0 ? byte & 15 : byte >> 4) - 8;
      to[i] = half(block) * static_cast<float>(code);
    }
  }
};

}  // namespace

void emit_embedding(Binder& binder, const LoweredNode& node) {
  const auto& op = std::get<graph::Embedding>(node.op);
  EmbeddingStep step;
  step.tokens = numel(binder.shape(node.inputs[0]));
  step.width = op.features;
  step.vocab = op.vocab_size;
  step.precision = node.quantization.precision;
  const bool is_plain = step.precision == Precision::kFp32;
  const std::string key =
      node.name + "/weight" + (is_plain ? "" : fmt::format(":rows {}", name_of(step.precision)));
  const std::int64_t bytes = row_bytes(step.precision, op.features) * op.vocab_size;
  const LazyFloats values = node.weights[0].values;
  step.table = static_cast<const std::byte*>(
      binder.store().block(key, static_cast<std::size_t>(bytes), [&](void* out) {
        pack(node.quantization, values(), op.vocab_size, op.features, static_cast<std::byte*>(out));
      }));
  step.x = binder.place(node.inputs[0]).slot;
  step.y = binder.define(node.outputs[0]).slot;
  step.weight_bytes = static_cast<double>(step.tokens * row_bytes(step.precision, op.features));
  const auto detail = fmt::format("embedding {}", name_of(step.precision));
  std::vector<Slot> reads{step.x}, writes{step.y};
  binder.add(node, std::move(step), detail, std::move(reads), std::move(writes));
}

}  // namespace nest::runtime
