#include "nest/compress/input_norms.h"

#include <algorithm>
#include <cmath>

#include "nest/core/error.h"
#include "nest/graph/quantization.h"

namespace nest::compress {
namespace {

/// The weight that a product multiplies with, by product.
std::map<std::string, std::string, std::less<>> weights_by_product(const graph::Model& model) {
  std::map<std::string, std::string, std::less<>> weights;
  for (const auto& [graph_name, graph] : model.graphs) {
    for (const graph::Node& node : graph.nodes) {
      const std::vector<std::string> products = graph::product_names(node);
      for (std::size_t i = 0; i < products.size(); ++i) {
        // Recurrent layers: ih, hh and two biases a direction.
        const std::size_t place = products.size() == 1 ? 0 : i / 2 * 4 + i % 2;
        weights.emplace(products[i], node.weights.at(place).name);
      }
    }
  }
  return weights;
}

/// Sums over the products of one weight.
struct Sums {
  std::vector<double> squares;
  double all = 0;
  double values = 0;
  double rows = 0;

  void add(const std::vector<double>& more, std::int64_t of_rows) {
    for (const double square : more) all += square;
    values += static_cast<double>(more.size()) * static_cast<double>(of_rows);
    rows += static_cast<double>(of_rows);
    if (squares.empty()) squares.resize(more.size(), 0);
    if (squares.size() != more.size()) return;
    for (std::size_t i = 0; i < more.size(); ++i) squares[i] += more[i];
  }
  Tensor norms(const PrunableWeight& weight) const {
    const std::int64_t inputs = weight.shape.size() > 1 ? weight.shape[1] : weight.columns();
    Tensor made(DType::kF32, {inputs});
    const auto out = made.mutable_data<float>();
    if (static_cast<std::int64_t>(squares.size()) == inputs) {
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<float>(std::sqrt(squares[i] / rows));
    } else {
      std::ranges::fill(out, values > 0 ? static_cast<float>(std::sqrt(all / values)) : 1.0F);
    }
    return made;
  }
};

}  // namespace

std::size_t InputNorms::number_of(std::string_view product) {
  const auto found =
      std::ranges::find_if(products_, [&](const auto& p) { return p->name == product; });
  if (found != products_.end()) return static_cast<std::size_t>(found - products_.begin());
  products_.push_back(std::make_unique<Product>());
  products_.back()->name = product;
  return products_.size() - 1;
}

void InputNorms::observe(std::size_t number, const graph::ActivationRows& rows) noexcept {
  Product& product = *products_[number];
  const std::lock_guard lock(product.mutex);
  product.squares.resize(static_cast<std::size_t>(rows.width), 0);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    const float* row = rows.data + r * rows.stride;
    for (std::int64_t i = 0; i < rows.width; ++i)
      product.squares[static_cast<std::size_t>(i)] += static_cast<double>(row[i]) * row[i];
  }
  product.rows += rows.rows;
}

TensorMap InputNorms::activations(const graph::Model& model) const {
  const auto weights = weights_by_product(model);
  std::map<std::string, Sums> sums;
  for (const auto& product : products_) {
    const auto weight = weights.find(product->name);
    if (product->rows == 0 || weight == weights.end()) continue;
    sums[weight->second].add(product->squares, product->rows);
  }
  require(!sums.empty(), ErrorCode::kInvalidArgument,
          "the model was shown no signal; the criterion activation needs some");
  TensorMap norms;
  for (const PrunableWeight& weight : prunable_weights(model))
    norms.emplace(weight.name, sums[weight.name].norms(weight));
  return norms;
}

}  // namespace nest::compress
