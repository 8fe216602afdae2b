#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nest/core/tensor.h"
#include "runtime/kernels/kernels.h"
#include "runtime/pack.h"

namespace nest::runtime {

/// Weights in the form the kernels want, by name. A block is made once, when first asked for; a
/// store read from a prepared file has them all and never calls `make`.
class WeightStore {
 public:
  WeightStore();
  ~WeightStore();
  WeightStore(const WeightStore&) = delete;
  WeightStore& operator=(const WeightStore&) = delete;

  /// Where a block lives on. What is made of codes in no time is left out of files.
  enum class Keep : std::uint8_t { kInFiles, kInMemory };
  /// The block `key` of `bytes` bytes, filled by `make` if it is new. 64-byte aligned, zeroed.
  /// Errors: DataCorrupt if a stored block has another size.
  const void* block(std::string_view key, std::size_t bytes, const std::function<void(void*)>& make,
                    Keep keep = Keep::kInFiles);

  /// The block `key`, data null if there is none.
  struct Entry {
    const void* data = nullptr;
    std::size_t bytes = 0;
    Keep keep = Keep::kInFiles;
  };
  Entry find(std::string_view key) const;
  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }
  std::size_t total_bytes() const;

  /// Adopts blocks that live in foreign memory (a mapped file).
  void adopt(std::string key, Entry entry, std::shared_ptr<const void> owner);
  /// Adopts a block of an earlier format, from which others are made; it goes into no file.
  void adopt_old(std::string key, Entry entry, std::shared_ptr<const void> owner);
  bool has_old() const { return !old_.empty(); }
  bool has_old(std::string_view key) const { return old_.contains(key); }
  /// Errors: DataCorrupt if it has another size than `bytes`.
  const std::byte* old_block(std::string_view key, std::size_t bytes) const;

 private:
  void* allocate(std::size_t bytes);

  std::map<std::string, Entry, std::less<>> entries_, old_;
  std::vector<std::pair<std::byte*, std::size_t>> chunks_;
  std::size_t used_ = 0;  ///< of the last chunk
  std::vector<std::shared_ptr<const void>> owners_;
};

/// A weight that is computed only when its packed form is not there yet.
using LazyFloats = std::function<std::vector<float>()>;

/// A matrix [n, k] packed for one precision.
struct PackedMatrix {
  Precision precision = Precision::kFp32;
  int n = 0, k = 0;
  const std::byte* data = nullptr;
  const float* scale = nullptr;       ///< int8 and int4, padded
  const std::int32_t* sum = nullptr;  ///< int8 and int4, padded
  bool is_widened = false;            ///< int4 as the int8 matrix that it says, sparse as dense
  double bytes = 0;
  SparseWeights sparse;  ///< instead of data, for weights without their blocks of zeros
  double products = 0;   ///< multiplications a row takes

  bool is_sparse() const { return sparse.starts != nullptr; }
  double share() const { return products / (static_cast<double>(n) * k); }  ///< that is there
  bool has_nibbles() const { return precision == Precision::kInt4 && !is_widened; }
};
/// The share up to which weights are stored without their blocks of zeros. Of int8, where that
/// takes fewer bytes: what products do is measured (nest/runtime/sparse_choice.h). Of fp32, where
/// one row and many are multiplied faster (bench/sparse_bench.cc): their sums are rounded in
/// another order, so no measurement of the moment decides.
constexpr double densest_sparse(Precision precision) {
  return precision == Precision::kInt8 ? 0.95 : 0.6;
}
/// Leaves blocks of zeros out (sparse.h) if at most the share `densest` of all blocks is there; 0
/// leaves none out.
PackedMatrix packed_matrix(WeightStore& store, std::string_view key,
                           const graph::LayerQuantization& how, std::int64_t n, std::int64_t k,
                           const LazyFloats& weight, double densest);
/// An int4 matrix as the int8 matrix that it says, kept in memory beside the other. `key` is that
/// of packed_matrix().
PackedMatrix widened(WeightStore& store, std::string_view key, PackedMatrix matrix,
                     const Kernels& kernels);
/// A sparse int8 matrix with its zeros, kept in memory beside the other.
PackedMatrix with_zeros(WeightStore& store, std::string_view key, PackedMatrix matrix);
const float* float_block(WeightStore& store, std::string_view key, std::int64_t n,
                         const LazyFloats& values,
                         WeightStore::Keep keep = WeightStore::Keep::kInFiles);
/// The floats that a weight's rows in files stand for; the block `key` holds those rows, made of
/// `weight` when the floats are first asked for.
LazyFloats floats_of_rows(WeightStore& store, std::string key, const graph::LayerQuantization& how,
                          const Shape& shape, const LazyFloats& weight);

}  // namespace nest::runtime
