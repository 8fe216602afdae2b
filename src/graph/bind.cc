#include "nest/core/error.h"
#include "nest/graph/graph.h"

namespace nest::graph {

namespace {

[[noreturn]] void misshapen(const Port& port, const Value& value, const Shape& shape,
                            std::string_view why) {
  fail(ErrorCode::kInvalidArgument, "input '{}' has shape {}, expected {}{}", port.name,
       to_string(shape), to_string(value.shape), why);
}

void bind_symbols(const Port& port, const Value& value, const Shape& shape, Bindings& bindings) {
  if (shape.size() != value.shape.size()) misshapen(port, value, shape, "");
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto [symbol, factor] = value.shape[axis].symbol_multiple();
    if (symbol.empty()) continue;
    if (shape[axis] % factor != 0) {
      misshapen(port, value, shape, fmt::format(": {} is no multiple of {}", shape[axis], factor));
    }
    const auto [entry, is_new] = bindings.try_emplace(symbol, shape[axis] / factor);
    if (!is_new && entry->second != shape[axis] / factor) {
      misshapen(port, value, shape,
                fmt::format(" with {} = {} as in another input", symbol, entry->second));
    }
  }
}

void check_names(const Graph& graph, const TensorMap& inputs) {
  for (const auto& [name, tensor] : inputs) {
    with_context("inputs", [&] { graph.input(name); });
  }
  for (const Port& port : graph.inputs) {
    require(port.is_optional || inputs.contains(port.name), ErrorCode::kInvalidArgument,
            "graph '{}': input '{}' {} is missing", graph.name, port.name,
            to_string(graph.value(port.value).shape));
  }
}

bool is_bound(const Dim& dim, const Bindings& bindings) {
  for (const std::string& symbol : dim.symbols()) {
    if (!bindings.contains(symbol)) return false;
  }
  return true;
}

/// The smallest value of `symbol` with which every axis is at least 1; 0 if there is none.
std::int64_t smallest_fit(const Graph& graph, Bindings bindings, const std::string& symbol) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 32;
  const auto fits = [&](std::int64_t length) {
    bindings[symbol] = length;
    for (const Value& value : graph.values) {
      for (const Dim& dim : value.shape) {
        if (!dim.is_constant() && is_bound(dim, bindings) && dim.eval(bindings) < 1) return false;
      }
    }
    return true;
  };
  std::int64_t high = 1;
  while (high < kLimit && !fits(high)) high *= 2;
  if (high >= kLimit) return 0;
  std::int64_t low = high / 2;
  while (low + 1 < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? high : low) = middle;
  }
  return high;
}

void check_lengths(const Graph& graph, const Bindings& bindings) {
  for (const Value& value : graph.values) {
    for (const Dim& dim : value.shape) {
      if (dim.is_constant() || !is_bound(dim, bindings) || dim.eval(bindings) >= 1) continue;
      for (const auto& [symbol, length] : bindings) {
        if (!dim.depends_on(symbol)) continue;
        const std::int64_t least = smallest_fit(graph, bindings, symbol);
        if (least == 0) continue;
        fail(ErrorCode::kInvalidArgument,
             "graph '{}': {} = {} is too short: '{}' would have {} = {} elements on one axis; {} "
             "must be at least {}",
             graph.name, symbol, length, value.name, dim.text(), dim.eval(bindings), symbol, least);
      }
      fail(ErrorCode::kInvalidArgument, "graph '{}': '{}' would have an axis of {} = {} elements",
           graph.name, value.name, dim.text(), dim.eval(bindings));
    }
  }
}

}  // namespace

Bindings bind(const Graph& graph, const TensorMap& inputs) {
  check_names(graph, inputs);
  Bindings bindings;
  for (const Port& port : graph.inputs) {
    const auto found = inputs.find(port.name);
    if (found == inputs.end()) continue;
    const Value& value = graph.value(port.value);
    require(found->second.dtype() == value.dtype, ErrorCode::kInvalidArgument,
            "input '{}' is {}, expected {}", port.name, name_of(found->second.dtype()),
            name_of(value.dtype));
    bind_symbols(port, value, found->second.shape(), bindings);
  }
  for (const Port& port : graph.inputs) {
    const auto found = inputs.find(port.name);
    if (found == inputs.end()) continue;
    const Value& value = graph.value(port.value);
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
      const Dim& dim = value.shape[axis];
      if (is_bound(dim, bindings) && found->second.shape()[axis] != dim.eval(bindings)) {
        misshapen(port, value, found->second.shape(), "");
      }
    }
  }
  check_lengths(graph, bindings);
  return bindings;
}

}  // namespace nest::graph
