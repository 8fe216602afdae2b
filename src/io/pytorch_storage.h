#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "io/pickle.h"
#include "nest/core/tensor.h"
#include "nest/io/zip.h"

namespace nest::io {

/// Turns the tensor nodes of a pickle into tensors over the storages of its archive.
///
/// Contiguous tensors are views; others are copied within a budget for the whole file, because a
/// short pickle can describe any number of copies of one storage.
class StorageReader {
 public:
  StorageReader(const ZipReader& zip, std::string prefix, std::uint64_t file_size,
                bool verify_checksums);

  /// Errors: DataCorrupt if the shape and strides leave the storage, or the storage is damaged.
  Tensor tensor(const pickle::Pickle& pickle, const pickle::Node& node);

 private:
  struct Storage {
    const std::byte* data = nullptr;
    std::shared_ptr<const void> owner;
    std::uint64_t bytes = 0;
  };
  const Storage& storage(const pickle::Node& node);
  Tensor gather(const Storage& storage, DType dtype, const Shape& shape, const Shape& strides,
                std::int64_t offset);

  const ZipReader& zip_;
  std::string prefix_;
  bool verify_checksums_;
  std::uint64_t copy_budget_;
  std::map<std::string, Storage, std::less<>> storages_;
};

}  // namespace nest::io
