#include "ragged.h"

#include <algorithm>

#include <torch/torch.h>

#include "nest/core/error.h"

namespace nest::nn {
namespace {

/// The symbol that "lengths" counts: T, or else the first one that is a whole input time axis.
std::string time_symbol(const graph::Graph& graph, const graph::Bindings& bindings) {
  std::string found;
  for (const graph::Port& port : graph.inputs) {
    const graph::Value& value = graph.value(port.value);
    if (value.time_axis < 0) continue;
    const std::string name =
        value.shape.at(static_cast<std::size_t>(value.time_axis)).symbol_name();
    if (name == "T") return name;
    if (found.empty() && bindings.contains(name)) found = name;
  }
  require(!found.empty(), ErrorCode::kInvalidArgument,
          "graph '{}' has no time axis, so it takes no 'lengths'", graph.name);
  return found;
}

const graph::Dim& time_dim(const graph::Value& value) {
  return value.shape.at(static_cast<std::size_t>(value.time_axis));
}

}  // namespace

Ragged::Ragged(const graph::Graph& graph, const graph::Bindings& bindings,
               const torch::Tensor& lengths)
    : symbol_(time_symbol(graph, bindings)), bindings_(bindings) {
  require(lengths.dim() == 1 && lengths.scalar_type() == torch::kInt64, ErrorCode::kInvalidArgument,
          "'lengths' must be int64 [B], got {} axes of {}", lengths.dim(),
          c10::toString(lengths.scalar_type()));
  const auto padded = bindings_.find(symbol_);
  const auto batch = bindings_.find("B");
  require(padded != bindings_.end(), ErrorCode::kInvalidArgument,
          "'lengths' counts {}, which no given input has", symbol_);
  require(batch == bindings_.end() || batch->second == lengths.size(0), ErrorCode::kInvalidArgument,
          "'lengths' has {} entries for a batch of {}", lengths.size(0),
          batch == bindings_.end() ? 0 : batch->second);
  const torch::Tensor host = lengths.to(torch::kCPU).contiguous();
  const std::int64_t* begin = host.data_ptr<std::int64_t>();
  lengths_.assign(begin, begin + host.size(0));
  for (const std::int64_t length : lengths_) {
    require(length >= 1 && length <= padded->second, ErrorCode::kInvalidArgument,
            "length {} is outside [1, {}], the padded {} of this batch", length, padded->second,
            symbol_);
    active_ = active_ || length != padded->second;
  }
}

bool Ragged::applies_to(const graph::Value& value) const {
  return active_ && value.time_axis >= 0 && time_dim(value).depends_on(symbol_);
}

const std::vector<std::int64_t>& Ragged::lengths_of(const graph::Value& value) const {
  const graph::Dim& dim = time_dim(value);
  const std::string key = dim.text();
  if (const auto it = by_dim_.find(key); it != by_dim_.end()) return it->second;
  std::vector<std::int64_t> result;
  graph::Bindings bindings = bindings_;
  for (const std::int64_t length : lengths_) {
    bindings[symbol_] = length;
    result.push_back(dim.eval(bindings));
    require(result.back() >= 1, ErrorCode::kInvalidArgument,
            "an item of length {} is too short: '{}' gets {} frames of it", length, value.name,
            result.back());
  }
  return by_dim_.emplace(key, std::move(result)).first->second;
}

torch::Tensor Ragged::valid(const graph::Value& value, std::int64_t frames,
                            torch::Device device) const {
  const auto key = std::make_pair(time_dim(value).text(), frames);
  if (const auto it = masks_.find(key); it != masks_.end()) return it->second;
  const std::vector<std::int64_t>& lengths = lengths_of(value);
  const torch::Tensor ends = torch::tensor(lengths, torch::kInt64).to(device).unsqueeze(1);
  const torch::Tensor mask =
      torch::arange(frames, torch::TensorOptions(torch::kInt64).device(device)).unsqueeze(0) < ends;
  return masks_.emplace(key, mask).first->second;
}

torch::Tensor Ragged::valid_like(const graph::Value& value, const torch::Tensor& x) const {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  shape[static_cast<std::size_t>(value.time_axis)] = x.size(value.time_axis);
  return valid(value, x.size(value.time_axis), x.device()).reshape(shape);
}

torch::Tensor Ragged::zero_padding(const graph::Value& value, const torch::Tensor& x) const {
  if (!applies_to(value)) return x;
  return x.masked_fill(valid_like(value, x).logical_not(), 0);
}

}  // namespace nest::nn
