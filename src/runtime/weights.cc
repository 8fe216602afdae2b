#include "runtime/weights.h"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>

#include "nest/core/error.h"
#include "nest/core/tensor.h"
#include "nest/graph/code_rows.h"
#include "runtime/pack.h"
#include "runtime/prepared_version5.h"
#include "runtime/round_up.h"
#include "runtime/sparse.h"

namespace nest::runtime {
namespace {

// One huge page: fewer page walks while weights stream through the caches.
constexpr std::size_t kPage = std::size_t{2} << 20;
// Addresses for many matrices, so that they follow each other in the order in which they are used
// and fetching ahead goes on in the next one; only what is written becomes memory.
constexpr std::size_t kChunk = std::size_t{64} << 20;

}  // namespace

WeightStore::WeightStore() = default;

WeightStore::~WeightStore() {
  for (const auto& [data, bytes] : chunks_) munmap(data, bytes);
}

void* WeightStore::allocate(std::size_t bytes) {
  bytes = round_up(bytes, kAlignment);
  if (chunks_.empty() || chunks_.back().second - used_ < bytes) {
    const std::size_t size = round_up(std::max(bytes, kChunk), kPage);
    void* raw = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(raw != MAP_FAILED, ErrorCode::kIo, "cannot allocate {} bytes for weights", size);
    madvise(raw, size, MADV_HUGEPAGE);
    chunks_.emplace_back(static_cast<std::byte*>(raw), size);
    used_ = 0;
  }
  std::byte* data = chunks_.back().first + used_;
  used_ += bytes;
  return data;
}

const void* WeightStore::block(std::string_view key, std::size_t bytes,
                               const std::function<void(void*)>& make, Keep keep) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    require(found->second.bytes == bytes, ErrorCode::kDataCorrupt,
            "prepared weights '{}' have {} bytes, expected {}: prepare the model again", key,
            found->second.bytes, bytes);
    return found->second.data;
  }
  void* data = allocate(std::max<std::size_t>(bytes, 1));
  make(data);
  entries_.emplace(std::string(key), Entry{data, bytes, keep});
  return data;
}

std::size_t WeightStore::total_bytes() const {
  std::size_t total = 0;
  for (const auto& [key, entry] : entries_) total += entry.bytes;
  return total;
}

void WeightStore::adopt(std::string key, Entry entry, std::shared_ptr<const void> owner) {
  entries_[std::move(key)] = entry;
  owners_.push_back(std::move(owner));
}

void WeightStore::adopt_old(std::string key, Entry entry, std::shared_ptr<const void> owner) {
  old_[std::move(key)] = entry;
  owners_.push_back(std::move(owner));
}

const std::byte* WeightStore::old_block(std::string_view key, std::size_t bytes) const {
  const Entry& entry = old_.find(key)->second;
  require(entry.bytes == bytes, ErrorCode::kDataCorrupt,
          "prepared weights '{}' have {} bytes, expected {}: prepare the model again", key,
          entry.bytes, bytes);
  return static_cast<const std::byte*>(entry.data);
}

namespace {

/// Where scales and sums of a matrix of codes lie: behind `bytes` bytes of weights.
void set_scales(PackedMatrix& matrix, const std::byte* data, std::size_t bytes) {
  const auto padded = static_cast<std::size_t>((matrix.n + kPanel - 1) / kPanel * kPanel);
  matrix.scale = reinterpret_cast<const float*>(data + bytes);
  matrix.sum = reinterpret_cast<const std::int32_t*>(data + bytes + padded * 4);
}
void write_scales(const PackedScales& scales, void* out, std::size_t bytes) {
  auto* tail = static_cast<std::byte*>(out) + bytes;
  std::memcpy(tail, scales.scale.data(), scales.scale.size() * 4);
  std::memcpy(tail + scales.scale.size() * 4, scales.sum.data(), scales.sum.size() * 4);
}
std::size_t scale_bytes(Precision precision, std::int64_t n) {
  if (!graph::is_integer(precision)) return 0;
  return static_cast<std::size_t>((n + kPanel - 1) / kPanel * kPanel) * 8;
}

Granularity granularity_of(const graph::LayerQuantization& how) {
  return how.granularity.value_or(Granularity::kPerChannel);
}

PackedMatrix dense_matrix(WeightStore& store, const std::string& name,
                          const graph::LayerQuantization& how, std::int64_t n, std::int64_t k,
                          const LazyFloats& weight) {
  const Precision precision = how.precision;
  const std::size_t bytes = packed_bytes(precision, n, k);
  PackedMatrix matrix;
  matrix.precision = precision;
  matrix.n = static_cast<int>(n);
  matrix.k = static_cast<int>(k);
  matrix.bytes = static_cast<double>(bytes + scale_bytes(precision, n));
  matrix.products = static_cast<double>(n * k);
  const auto make = [&](void* out) {
    const PackedScales scales =
        pack_matrix(precision, weight().data(), n, k, out, granularity_of(how));
    if (graph::is_integer(precision)) write_scales(scales, out, bytes);
  };
  matrix.data =
      static_cast<const std::byte*>(store.block(name, bytes + scale_bytes(precision, n), make));
  if (graph::is_integer(precision)) set_scales(matrix, matrix.data, bytes);
  return matrix;
}

PackedMatrix sparse_matrix(const WeightStore::Entry& entry, Precision precision, std::int64_t n,
                           std::int64_t k) {
  const std::size_t tail = scale_bytes(precision, n);
  require(entry.bytes >= tail, ErrorCode::kDataCorrupt, "sparse weights of {} bytes", entry.bytes);
  PackedMatrix matrix;
  matrix.precision = precision;
  matrix.n = static_cast<int>(n);
  matrix.k = static_cast<int>(k);
  matrix.bytes = static_cast<double>(entry.bytes);
  matrix.sparse = sparse_view(precision, n, k, entry.data, entry.bytes - tail);
  const auto strips = (n + kStrip - 1) / kStrip;
  matrix.products = static_cast<double>(matrix.sparse.starts[strips]) * kStrip * 4;
  if (tail > 0) set_scales(matrix, static_cast<const std::byte*>(entry.data), entry.bytes - tail);
  return matrix;
}

/// Makes the sparse block `name` if the weight has enough zeros.
void make_sparse(WeightStore& store, const std::string& name, const graph::LayerQuantization& how,
                 std::int64_t n, std::int64_t k, const std::vector<float>& weight, double densest) {
  const Precision precision = how.precision;
  const BlockPattern pattern = find_blocks(weight.data(), n, k);
  if (pattern.density(k) > densest) return;
  const std::size_t bytes = sparse_bytes(precision, n, pattern.groups.size());
  store.block(name, bytes + scale_bytes(precision, n), [&](void* out) {
    PackedScales scales;
    if (precision == Precision::kInt8) {
      scales = int8_scales(weight.data(), n, k, granularity_of(how));
      write_scales(scales, out, bytes);
    }
    pack_sparse(precision, pattern, weight.data(), n, k, scales.scale.data(), out);
  });
}

}  // namespace

WeightStore::Entry WeightStore::find(std::string_view key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? Entry{} : found->second;
}

PackedMatrix packed_matrix(WeightStore& store, std::string_view key,
                           const graph::LayerQuantization& how, std::int64_t n, std::int64_t k,
                           const LazyFloats& weight, double densest) {
  const Precision precision = how.precision;
  const auto checked = [&] {
    std::vector<float> values = old_matrix_or(store, key, n, k, weight)();
    require(values.size() == static_cast<std::size_t>(n * k), ErrorCode::kInternal,
            "weight '{}' has {} elements, expected {}", key, values.size(), n * k);
    return values;
  };
  const std::string name = fmt::format("{}:{}", key, name_of(precision));
  const std::string sparse_name = name + ":sparse";
  if (densest > 0 && can_be_sparse(precision, k)) {
    const bool is_new = store.find(name).data == nullptr && store.find(sparse_name).data == nullptr;
    if (is_new) {
      const std::vector<float> values = checked();
      make_sparse(store, sparse_name, how, n, k, values, densest);
      if (store.find(sparse_name).data == nullptr)
        return dense_matrix(store, name, how, n, k, [&] { return values; });
    }
    const WeightStore::Entry sparse = store.find(sparse_name);
    if (sparse.data != nullptr)
      return with_context(key, [&] { return sparse_matrix(sparse, precision, n, k); });
  }
  return dense_matrix(store, name, how, n, k, checked);
}

PackedMatrix widened(WeightStore& store, std::string_view key, PackedMatrix matrix,
                     const Kernels& kernels) {
  const std::size_t panels = round_up(static_cast<std::size_t>(matrix.n), kPanel) / kPanel;
  const std::size_t blocks = round_up(static_cast<std::size_t>(matrix.k), kS4Block) / kS4Block;
  const std::size_t panel = round_up(static_cast<std::size_t>(matrix.k), 4) * kPanel;
  const auto make = [&](void* out) {
    std::vector<std::int8_t> whole(blocks * kS4Block * kPanel);
    for (std::size_t i = 0; i < panels; ++i) {
      kernels.unpack_s4(matrix.data + i * blocks * kS4BlockBytes, static_cast<int>(blocks),
                        whole.data());
      std::memcpy(static_cast<std::byte*>(out) + i * panel, whole.data(), panel);
    }
  };
  matrix.data = static_cast<const std::byte*>(store.block(
      fmt::format("{}:int4 as int8", key), panels * panel, make, WeightStore::Keep::kInMemory));
  matrix.is_widened = true;
  matrix.bytes = static_cast<double>(panels * (panel + kPanel * 8));
  return matrix;
}

PackedMatrix with_zeros(WeightStore& store, std::string_view key, PackedMatrix matrix) {
  const std::size_t panels = round_up(static_cast<std::size_t>(matrix.n), kPanel) / kPanel;
  const std::size_t panel = static_cast<std::size_t>(matrix.k) * kPanel;
  constexpr std::size_t kColumns = kPanel * 4, kBlock = kStrip * 4;
  const SparseWeights& there = matrix.sparse;
  const auto make = [&](void* out) {
    const auto* blocks = static_cast<const std::byte*>(there.blocks);
    const std::size_t strips = round_up(static_cast<std::size_t>(matrix.n), kStrip) / kStrip;
    for (std::size_t s = 0; s < strips; ++s) {
      const std::size_t first = s * kStrip;
      std::byte* columns =
          static_cast<std::byte*>(out) + first / kPanel * panel + first % kPanel * 4;
      for (std::uint32_t b = there.starts[s]; b < there.starts[s + 1]; ++b)
        std::memcpy(columns + there.groups[b] * kColumns, blocks + b * kBlock, kBlock);
    }
  };
  matrix.data = static_cast<const std::byte*>(store.block(
      fmt::format("{}:int8 with zeros", key), panels * panel, make, WeightStore::Keep::kInMemory));
  matrix.sparse = {};
  matrix.is_widened = true;
  matrix.products = static_cast<double>(matrix.n) * matrix.k;
  matrix.bytes = static_cast<double>(panels * (panel + kPanel * 8));
  return matrix;
}

const float* float_block(WeightStore& store, std::string_view key, std::int64_t n,
                         const LazyFloats& values, WeightStore::Keep keep) {
  const auto count = static_cast<std::size_t>(n);
  const auto make = [&](void* out) {
    const std::vector<float> made = values();
    require(made.size() == count, ErrorCode::kInternal, "weight '{}' has {} elements, expected {}",
            key, made.size(), count);
    std::memcpy(out, made.data(), count * 4);
  };
  return static_cast<const float*>(store.block(key, count * 4, make, keep));
}

LazyFloats floats_of_rows(WeightStore& store, std::string key, const graph::LayerQuantization& how,
                          const Shape& shape, const LazyFloats& weight) {
  const std::int64_t rows = shape.at(0), columns = rows == 0 ? 0 : numel(shape) / rows;
  const auto bytes = static_cast<std::size_t>(rows * graph::row_bytes(how.precision, columns));
  return [=, &store] {
    const void* stored = store.block(key, bytes, [&](void* out) {
      graph::write_rows(old_rows_or(store, key, rows, columns, weight)(), rows, columns, how,
                        static_cast<std::byte*>(out));
    });
    return graph::read_rows(static_cast<const std::byte*>(stored), rows, columns, how.precision);
  };
}

}  // namespace nest::runtime
