#include "nest/recognize/graph_batch.h"

#include <cstring>
#include <map>

#include "nest/core/error.h"

namespace nest::recognize {
namespace {

/// The axis that is the batch; -1: none.
int batch_axis(const graph::Value& value) {
  for (std::size_t i = 0; i < value.shape.size(); ++i) {
    if (value.shape[i].symbol_name() == "B") return static_cast<int>(i);
  }
  return -1;
}

const graph::Value& input_value(const graph::Graph& graph, std::string_view port) {
  return graph.value(graph.input(port).value);
}

/// A tensor around its batch axis: `outer` stretches of `bytes`.
struct Rows {
  std::int64_t outer = 1;
  std::size_t bytes = 0;
};
Rows rows_of(const Tensor& tensor, int axis) {
  Rows rows;
  for (int i = 0; i < axis; ++i) rows.outer *= tensor.dim(i);
  rows.bytes = rows.outer == 0 ? 0 : tensor.nbytes() / static_cast<std::size_t>(rows.outer);
  return rows;
}

Tensor joined(const std::vector<const Tensor*>& parts, int axis) {
  Shape shape = parts.front()->shape();
  std::int64_t& batch = shape[static_cast<std::size_t>(axis)];
  batch = 0;
  for (const Tensor* part : parts) batch += part->dim(axis);
  Tensor whole(parts.front()->dtype(), shape);
  auto* to = static_cast<std::byte*>(whole.mutable_raw());
  for (std::int64_t o = 0; o < rows_of(whole, axis).outer; ++o) {
    for (const Tensor* part : parts) {
      const std::size_t bytes = rows_of(*part, axis).bytes;
      if (bytes == 0) continue;
      std::memcpy(to,
                  static_cast<const std::byte*>(part->raw()) + static_cast<std::size_t>(o) * bytes,
                  bytes);
      to += bytes;
    }
  }
  return whole;
}

/// `count` rows from `begin` on.
Tensor cut(const Tensor& whole, int axis, std::int64_t begin, std::int64_t count) {
  Shape shape = whole.shape();
  shape[static_cast<std::size_t>(axis)] = count;
  Tensor part(whole.dtype(), shape);
  const Rows from = rows_of(whole, axis), to = rows_of(part, axis);
  if (to.bytes == 0) return part;
  const std::size_t skip =
      to.bytes / static_cast<std::size_t>(count) * static_cast<std::size_t>(begin);
  for (std::int64_t o = 0; o < from.outer; ++o) {
    const auto at = static_cast<std::size_t>(o);
    std::memcpy(static_cast<std::byte*>(part.mutable_raw()) + at * to.bytes,
                static_cast<const std::byte*>(whole.raw()) + at * from.bytes + skip, to.bytes);
  }
  return part;
}

/// Rows of a request, from its first input with a batch axis.
std::int64_t rows_of(const graph::Graph& graph, const TensorMap& inputs) {
  for (const auto& [port, tensor] : inputs) {
    const int axis = batch_axis(input_value(graph, port));
    if (axis >= 0 && axis < static_cast<int>(tensor.rank())) return tensor.dim(axis);
  }
  return 1;
}

/// With the states of the last step; zeros before the first.
TensorMap with_state(const graph::Graph& graph, const GraphRequest& request) {
  TensorMap inputs = request.inputs;
  if (request.state == nullptr) return inputs;
  const graph::Bindings bindings = graph::bind(graph, inputs);
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty() || inputs.contains(port.feeds)) continue;
    const auto kept = request.state->find(port.feeds);
    if (kept != request.state->end()) {
      inputs.emplace(port.feeds, kept->second);
      continue;
    }
    const graph::Value& value = input_value(graph, port.feeds);
    Shape shape;
    for (const graph::Dim& dim : value.shape) shape.push_back(dim.eval(bindings));
    inputs.emplace(port.feeds, Tensor(value.dtype, shape));
  }
  return inputs;
}

/// Equal for inputs that can be joined.
std::string joint_key(const graph::Graph& graph, const TensorMap& inputs) {
  std::string key;
  for (const auto& [port, tensor] : inputs) {
    const int axis = batch_axis(input_value(graph, port));
    Shape shape = tensor.shape();
    if (axis >= 0 && axis < static_cast<int>(shape.size()))
      shape[static_cast<std::size_t>(axis)] = -1;
    key += fmt::format("{} {} {};", port, name_of(tensor.dtype()), to_string(shape));
    if (axis < 0 && tensor.nbytes() > 0)
      key.append(static_cast<const char*>(tensor.raw()), tensor.nbytes());
  }
  return key;
}

TensorMap joined(const graph::Graph& graph, const std::vector<const TensorMap*>& requests) {
  if (requests.size() == 1) return *requests.front();
  TensorMap whole;
  for (const auto& [port, tensor] : *requests.front()) {
    const int axis = batch_axis(input_value(graph, port));
    if (axis < 0) {
      whole.emplace(port, tensor);
      continue;
    }
    std::vector<const Tensor*> parts;
    for (const TensorMap* inputs : requests) parts.push_back(&inputs->at(port));
    whole.emplace(port, joined(parts, axis));
  }
  return whole;
}

TensorMap rows_of(const graph::Graph& graph, const TensorMap& whole, std::int64_t begin,
                  std::int64_t count) {
  TensorMap own;
  for (const auto& [port, tensor] : whole) {
    const int axis = batch_axis(graph.value(graph.output(port).value));
    own.emplace(port, axis < 0 ? tensor : cut(tensor, axis, begin, count));
  }
  return own;
}

/// Moves the states of a result to where the next step takes them from.
void keep_state(const graph::Graph& graph, const GraphRequest& request, TensorMap& result) {
  if (request.state == nullptr) return;
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty()) continue;
    const auto found = result.find(port.name);
    request.state->insert_or_assign(port.feeds, std::move(found->second));
    result.erase(found);
  }
}

}  // namespace

GraphBatch::GraphBatch(std::unique_ptr<graph::Executor> executor, std::string graph)
    : executor_(std::move(executor)), graph_(&executor_->model().graph(graph)) {}

std::vector<TensorMap> GraphBatch::operator()(std::span<const GraphRequest> requests) {
  std::vector<TensorMap> inputs;
  std::map<std::string, std::vector<std::size_t>> groups;
  for (const GraphRequest& request : requests) {
    inputs.push_back(with_state(*graph_, request));
    groups[joint_key(*graph_, inputs.back())].push_back(inputs.size() - 1);
  }
  std::vector<TensorMap> results(requests.size());
  for (const auto& [key, members] : groups) {
    std::vector<const TensorMap*> parts;
    for (const std::size_t i : members) parts.push_back(&inputs[i]);
    const TensorMap whole = executor_->run(graph_->name, joined(*graph_, parts));
    std::int64_t begin = 0;
    for (const std::size_t i : members) {
      const std::int64_t count = rows_of(*graph_, inputs[i]);
      results[i] = rows_of(*graph_, whole, begin, count);
      begin += count;
    }
  }
  for (std::size_t i = 0; i < results.size(); ++i) keep_state(*graph_, requests[i], results[i]);
  return results;
}

std::string shapes_of(const TensorMap& inputs) {
  std::string text;
  for (const auto& [port, tensor] : inputs)
    text += fmt::format("{} {} {};", port, name_of(tensor.dtype()), to_string(tensor.shape()));
  return text;
}

}  // namespace nest::recognize
