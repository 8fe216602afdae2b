#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "nest/compress/criterion.h"
#include "nest/graph/activation_observer.h"

namespace nest::compress {

/// Root mean square of what each input of a product carries, over everything that was shown: what
/// the criterion activation weighs with.
///
/// State: observe() from several threads; the rest one caller at a time. Cost: constant memory.
class InputNorms : public graph::ActivationObserver {
 public:
  std::size_t number_of(std::string_view product) override;
  void observe(std::size_t number, const graph::ActivationRows& rows) noexcept override;

  /// By prunable weight, one value an input (PruneStatistics::activations). Convolutions over time
  /// get one for all inputs. 1 for weights that multiply nothing a product would show: embeddings,
  /// filters along time. Errors: InvalidArgument if nothing was shown.
  TensorMap activations(const graph::Model& model) const;

 private:
  struct Product {
    std::string name;
    std::mutex mutex;
    std::vector<double> squares;  ///< sums, by place in a row
    std::int64_t rows = 0;
  };

  std::vector<std::unique_ptr<Product>> products_;
};

}  // namespace nest::compress
