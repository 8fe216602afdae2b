#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "nest/compress/calibrator.h"
#include "nest/graph/activation_observer.h"
#include "nest/graph/quantization.h"

namespace nest::compress {

/// What goes into every product of a model, in memory that does not grow with what is shown.
///
/// State: observe() from several threads; the rest one caller at a time.
class ActivationStatistics : public graph::ActivationObserver {
 public:
  explicit ActivationStatistics(CalibratorOptions options = {});

  std::size_t number_of(std::string_view product) override;
  void observe(std::size_t number, const graph::ActivationRows& rows) noexcept override;
  /// Forgets all that was shown; numbers stay.
  void clear();
  /// What was shown since the last call was one batch.
  void end_batch();

  /// By product; those that were shown nothing are left out.
  std::map<std::string, MagnitudeStatistics, std::less<>> by_product() const;
  /// Scales of 8-bit codes (graph::Quantization::activations). Products that saw only zeros get
  /// none. Errors: DataCorrupt naming a product that was shown NaN or infinities.
  std::map<std::string, graph::ActivationQuantization, std::less<>> scales() const;

  std::size_t memory_bytes() const;

 private:
  struct Product {
    std::string name;
    std::mutex mutex;
    MagnitudeStatistics seen;
    float batch_largest = 0;
    bool is_in_batch = false;
  };

  CalibratorOptions options_;
  std::vector<std::unique_ptr<Product>> products_;
};

}  // namespace nest::compress
