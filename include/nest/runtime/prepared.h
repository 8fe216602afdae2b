#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nest/graph/model.h"
#include "nest/runtime/isa.h"
#include "nest/runtime/options.h"

namespace nest::runtime {

struct Program;
struct Lowered;
class WeightStore;
struct ActivationMaxima;
struct Kernels;

/// A model made ready for one precision and instruction set: rewritten graphs and packed weights.
///
/// Shared by executors and sessions. State: thread-safe.
class PreparedModel {
 public:
  /// Errors: InvalidArgument for options; whatever graph::validate finds.
  PreparedModel(graph::Model model, Options options);
  ~PreparedModel();
  PreparedModel(const PreparedModel&) = delete;
  PreparedModel& operator=(const PreparedModel&) = delete;

  const graph::Model& model() const { return model_; }
  const Options& options() const { return options_; }
  Isa isa() const { return isa_; }
  const Kernels& kernels() const { return *kernels_; }

  /// Steps and memory plan for concrete axis lengths; weights are packed when first needed.
  /// Inputs named in `absent` (optional ones) are left out; steps that depend only on those in
  /// `constant` are marked as such.
  std::shared_ptr<const Program> plan(std::string_view graph, const graph::Bindings& bindings,
                                      const std::set<std::string>& absent,
                                      const std::set<std::string>& constant = {}) const;

  /// Packs the weights of every graph, then drops the float ones.
  void seal();

  /// Writes graphs and packed weights to one file, checksummed; open() maps it. Errors: Io.
  void save(const std::filesystem::path& path) const;
  /// A saved model: weights stay in the mapped file, model().weights is empty. Precision is the
  /// file's; instruction set, threads and profiling are `machine`'s.
  /// Errors: NotFound, Io, DataCorrupt, Unsupported.
  static std::shared_ptr<const PreparedModel> open(const std::filesystem::path& path,
                                                   const Options& machine = {});

  /// Largest magnitude that went into each product in all runs so far, by product; empty unless
  /// options.record_activations.
  std::map<std::string, float, std::less<>> activation_maxima() const;

  /// Bytes of all packed weights so far.
  std::size_t weight_bytes() const;
  /// What really runs: instruction set, precision and kernel of every step, rewrites, memory.
  std::string report(std::string_view graph, const graph::Bindings& bindings,
                     const std::set<std::string>& absent = {}) const;

 private:
  PreparedModel(graph::Model model, Options options, bool has_weights);
  const Lowered& lowered(std::string_view graph) const;
  void pack_all(std::string_view graph) const;

  graph::Model model_;
  Options options_;
  Isa isa_;
  const Kernels* kernels_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<Lowered>, std::less<>> lowered_;
  std::unique_ptr<WeightStore> store_;
  std::unique_ptr<ActivationMaxima> maxima_;
};

/// Scales for Options::activation_scales so that the recorded maxima become code 127. Products that
/// never ran, or saw only zeros, get none.
std::map<std::string, float, std::less<>> activation_scales(
    const std::map<std::string, float, std::less<>>& maxima);

/// Of the format that PreparedModel::save() writes; others are not read.
inline constexpr std::uint32_t kPreparedVersion = 2;

/// True if the file begins as PreparedModel::save() writes it. Errors: NotFound, Io.
bool is_prepared_file(const std::filesystem::path& path);

/// Throws InvalidArgument if an int64 input holds a token outside its vocabulary or an offset
/// outside its table; `values` by port name.
struct IndexRange {
  std::string port;
  std::int64_t limit = 0;  ///< exclusive
  std::string_view what;   ///< "token" or "position"
};
std::vector<IndexRange> index_ranges(const graph::Graph& graph, const graph::Bindings& bindings);

}  // namespace nest::runtime
