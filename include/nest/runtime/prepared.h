#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "nest/graph/activation_observer.h"
#include "nest/graph/model.h"
#include "nest/runtime/options.h"

namespace nest::runtime {

/// A model made ready: rewritten graphs and weights packed as its quantization says. Made by
/// prepare(), or mapped from a file.
///
/// Shared by executors and sessions, whatever their instruction sets and numbers of threads. State:
/// thread-safe.
class PreparedModel {
 public:
  struct Impl;
  explicit PreparedModel(std::unique_ptr<Impl> impl);
  ~PreparedModel();
  PreparedModel(const PreparedModel&) = delete;
  PreparedModel& operator=(const PreparedModel&) = delete;

  /// Without its float weights.
  const graph::Model& model() const;
  const PrepareOptions& options() const;

  /// Writes graphs and packed weights to one file, checksummed; open() maps it. Errors: Io.
  void save(const std::filesystem::path& path) const;
  /// Bytes of the file that save() writes.
  std::size_t file_bytes() const;
  /// A saved model; weights stay in the mapped file. Errors: NotFound, Io, DataCorrupt,
  /// Unsupported.
  static std::shared_ptr<const PreparedModel> open(const std::filesystem::path& path);

  /// Bytes of all packed weights.
  std::size_t weight_bytes() const;
  /// What really runs on a machine: instruction set, precision and kernel of every step, rewrites,
  /// memory. Inputs named in `absent` (optional ones) are left out.
  std::string report(std::string_view graph, const graph::Bindings& bindings,
                     const std::set<std::string>& absent = {},
                     const MachineOptions& machine = {}) const;

  const Impl& impl() const { return *impl_; }  ///< of src/runtime

 private:
  std::unique_ptr<Impl> impl_;
};

/// Adds "encoder_step" to a model whose encoder can be streamed incrementally (graph/streaming.h),
/// packs the weights of every graph, and drops the float ones.
///
/// An observer, which must outlive the model, is shown the activations of every run.
/// Errors: InvalidArgument for a quantization that does not fit the model, or any where activations
/// are observed; whatever graph::validate finds.
std::shared_ptr<const PreparedModel> prepare(graph::Model model, const PrepareOptions& options = {},
                                             graph::ActivationObserver* observer = nullptr);

/// Of the format that PreparedModel::save() writes; versions 2 to 5 are read as well.
inline constexpr std::uint32_t kPreparedVersion = 6;

/// True if the file begins as PreparedModel::save() writes it. Errors: NotFound, Io.
bool is_prepared_file(const std::filesystem::path& path);

}  // namespace nest::runtime
