#include "runtime/weights.h"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>

#include "nest/core/error.h"
#include "nest/core/tensor.h"
#include "runtime/pack.h"

namespace nest::runtime {
namespace {

// One huge page: fewer page walks while weights stream through the caches.
constexpr std::size_t kPage = std::size_t{2} << 20;

std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

}  // namespace

WeightStore::WeightStore() = default;

WeightStore::~WeightStore() {
  for (const auto& [data, bytes] : chunks_) munmap(data, bytes);
}

void* WeightStore::allocate(std::size_t bytes) {
  bytes = round_up(bytes, kAlignment);
  if (chunks_.empty() || chunks_.back().second - used_ < bytes) {
    const std::size_t size = round_up(std::max(bytes, kPage), kPage);
    void* raw = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
                               const std::function<void(void*)>& make) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    require(found->second.bytes == bytes, ErrorCode::kDataCorrupt,
            "prepared weights '{}' have {} bytes, expected {}: prepare the model again", key,
            found->second.bytes, bytes);
    return found->second.data;
  }
  void* data = allocate(std::max<std::size_t>(bytes, 1));
  make(data);
  entries_.emplace(std::string(key), Entry{data, bytes});
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

PackedMatrix packed_matrix(WeightStore& store, std::string_view key, Precision precision,
                           std::int64_t n, std::int64_t k, const LazyFloats& weight) {
  const std::size_t bytes = packed_bytes(precision, n, k);
  const bool has_scales = precision == Precision::kI8;
  const auto padded = static_cast<std::size_t>((n + kPanel - 1) / kPanel * kPanel);
  const std::size_t total = bytes + (has_scales ? padded * 8 : 0);
  const std::string name = fmt::format("{}:{}", key, name_of(precision));
  const auto* data = static_cast<const std::byte*>(store.block(name, total, [&](void* out) {
    const std::vector<float> values = weight();
    require(values.size() == static_cast<std::size_t>(n * k), ErrorCode::kInternal,
            "weight '{}' has {} elements, expected {}", key, values.size(), n * k);
    const PackedScales scales = pack_matrix(precision, values.data(), n, k, out);
    if (has_scales) {
      auto* tail = static_cast<std::byte*>(out) + bytes;
      std::memcpy(tail, scales.scale.data(), padded * 4);
      std::memcpy(tail + padded * 4, scales.sum.data(), padded * 4);
    }
  }));
  PackedMatrix matrix{precision, static_cast<int>(n),       static_cast<int>(k), data, nullptr,
                      nullptr,   static_cast<double>(total)};
  if (has_scales) {
    matrix.scale = reinterpret_cast<const float*>(data + bytes);
    matrix.sum = reinterpret_cast<const std::int32_t*>(data + bytes + padded * 4);
  }
  return matrix;
}

const float* float_block(WeightStore& store, std::string_view key, std::int64_t n,
                         const LazyFloats& values) {
  const auto count = static_cast<std::size_t>(n);
  return static_cast<const float*>(store.block(key, count * 4, [&](void* out) {
    const std::vector<float> made = values();
    require(made.size() == count, ErrorCode::kInternal, "weight '{}' has {} elements, expected {}",
            key, made.size(), count);
    std::memcpy(out, made.data(), count * 4);
  }));
}

}  // namespace nest::runtime
