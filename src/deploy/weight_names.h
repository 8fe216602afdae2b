#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "nest/io/checkpoint.h"

namespace nest::deploy {

/// Errors: InvalidArgument for a folder, a package and an ONNX file; where its model is, or how it
/// becomes one, is told.
void require_model_file(const std::filesystem::path& path);

/// The names that a model gives its weights, whatever PyTorch's wrappers put before them.
///
/// DistributedDataParallel and DataParallel put "module." before every name; torch.compile puts
/// "_orig_mod." before those of the module it compiled, which may be an inner one.
class WeightNames {
 public:
  explicit WeightNames(const io::Checkpoint& checkpoint);
  std::string plain(std::string_view name) const;

 private:
  std::size_t wrappers_ = 0;  ///< "module." at the beginning of every name, so many times
};

}  // namespace nest::deploy
