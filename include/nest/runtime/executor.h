#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "nest/graph/model.h"
#include "nest/runtime/machine.h"
#include "nest/runtime/prepared.h"

namespace nest::runtime {

/// Runs a model's graphs on the native kernels, any batch size and any length.
///
/// Every item of a padded batch gets the result it would get alone: rows never mix, and with
/// "lengths" items of equal length run as one batch. Keeps the plans of the last few
/// shapes. For the hot path use Session.
class NativeExecutor : public graph::Executor {
 public:
  explicit NativeExecutor(std::shared_ptr<const PreparedModel> prepared,
                          const MachineOptions& machine = {});
  NativeExecutor(std::shared_ptr<const PreparedModel> prepared, std::shared_ptr<Machine> machine);
  ~NativeExecutor() override;

  const graph::Model& model() const override { return prepared_->model(); }
  TensorMap run(std::string_view graph, const TensorMap& inputs) override;
  std::unique_ptr<Bound> bind(std::string_view graph, TensorMap fixed) override;
  /// "native avx512_vnni int8 1 thread"
  std::string describe() const override;
  std::int64_t weight_bytes() const override;

  const std::shared_ptr<const PreparedModel>& prepared() const { return prepared_; }

 private:
  struct Cached;
  class FixedInputs;
  /// Input ports that keep their values for every run with the same id; 0: none.
  struct Fixed {
    std::set<std::string> ports;
    std::uint64_t id = 0;
  };
  TensorMap run_dense(const graph::Graph& graph, const TensorMap& inputs, const Fixed& fixed);
  TensorMap run_ragged(const graph::Graph& graph, const TensorMap& inputs, const Tensor& lengths);
  Cached& cached(const graph::Graph& graph, const TensorMap& inputs, const Fixed& fixed);

  std::shared_ptr<const PreparedModel> prepared_;
  std::shared_ptr<Machine> machine_;
  std::list<Cached> cache_;  ///< most recent first
  std::uint64_t last_fixed_ = 0;
};

}  // namespace nest::runtime
