#include <algorithm>
#include <map>
#include <set>

#include "nest/core/error.h"
#include "nest/graph/graph.h"

namespace nest::graph {

namespace {

DType dtype_of_weight(const Op& op, std::size_t index) {
  constexpr std::size_t kNumBatchesTracked = 4;
  const bool is_counter = std::holds_alternative<BatchNorm>(op) && index == kNumBatchesTracked;
  return is_counter ? DType::kI64 : DType::kF32;
}

/// The full tensor behind one use: rows [begin, end) of it are what the op needs.
Shape full_shape(const WeightRef& weight, const Shape& needed, const std::string& node) {
  if (weight.row_end == 0) {
    require(weight.row_begin == 0, ErrorCode::kInvalidArgument,
            "node '{}': weight '{}' starts at row {} but has no last row", node, weight.name,
            weight.row_begin);
    return needed;
  }
  require(
      !needed.empty() && weight.row_begin >= 0 && weight.row_end - weight.row_begin == needed[0],
      ErrorCode::kInvalidArgument,
      "node '{}': rows [{}, {}) of weight '{}' do not match the needed shape {}", node,
      weight.row_begin, weight.row_end, weight.name, to_string(needed));
  Shape shape = needed;
  shape[0] = weight.row_end;
  return shape;
}

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 ||
         dtype == DType::kF64;
}

void check_edges(const Graph& graph) {
  std::set<std::string_view> names;
  std::vector<bool> is_defined(graph.values.size(), false);
  const auto define = [&](ValueId id, const std::string& by) {
    require(id >= 0 && static_cast<std::size_t>(id) < graph.values.size(),
            ErrorCode::kInvalidArgument, "'{}' defines value {}, but there are {}", by, id,
            graph.values.size());
    require(!is_defined[static_cast<std::size_t>(id)], ErrorCode::kInvalidArgument,
            "value '{}' is defined twice, the second time by '{}'", graph.value(id).name, by);
    is_defined[static_cast<std::size_t>(id)] = true;
  };
  const auto use = [&](ValueId id, const std::string& by) {
    require(id >= 0 && static_cast<std::size_t>(id) < graph.values.size() &&
                is_defined[static_cast<std::size_t>(id)],
            ErrorCode::kInvalidArgument, "'{}' uses value {} before it is defined", by, id);
  };
  for (const Port& port : graph.inputs) {
    require(names.insert(port.name).second, ErrorCode::kInvalidArgument,
            "input name '{}' is used twice", port.name);
    define(port.value, port.name);
  }
  names.clear();
  for (const Node& node : graph.nodes) {
    require(names.insert(node.name).second, ErrorCode::kInvalidArgument,
            "node name '{}' is used twice", node.name);
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) use(id, node.name);
    }
    for (const ValueId id : node.outputs) define(id, node.name);
  }
  names.clear();
  for (const Port& port : graph.outputs) {
    require(names.insert(port.name).second, ErrorCode::kInvalidArgument,
            "output name '{}' is used twice", port.name);
    use(port.value, port.name);
    if (port.feeds.empty()) continue;
    const Value& source = graph.value(port.value);
    const Value& target = graph.value(graph.input(port.feeds).value);
    require(source.shape == target.shape && source.dtype == target.dtype,
            ErrorCode::kInvalidArgument, "state '{}' {} does not fit the input '{}' {} it feeds",
            port.name, to_string(source.shape), port.feeds, to_string(target.shape));
  }
}

void check_shapes(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    with_context(fmt::format("node '{}' ({})", node.name, kind_name(node.op)), [&] {
      std::vector<const Value*> sources;
      for (const ValueId id : node.inputs) {
        sources.push_back(id == kNoValue ? nullptr : &graph.value(id));
      }
      const std::vector<Inferred> inferred = infer(node.op, sources);
      require(inferred.size() == node.outputs.size(), ErrorCode::kInvalidArgument,
              "has {} outputs, the kind has {}", node.outputs.size(), inferred.size());
      for (std::size_t i = 0; i < inferred.size(); ++i) {
        const Value& stored = graph.value(node.outputs[i]);
        require(stored.shape == inferred[i].shape && stored.dtype == inferred[i].dtype &&
                    stored.time_axis == inferred[i].time_axis,
                ErrorCode::kInvalidArgument,
                "value '{}' is stored as {} {} (time axis {}), but follows as {} {} (time axis {})",
                stored.name, name_of(stored.dtype), to_string(stored.shape), stored.time_axis,
                name_of(inferred[i].dtype), to_string(inferred[i].shape), inferred[i].time_axis);
      }
      require(node.weights.size() == weight_shapes(node.op).size(), ErrorCode::kInvalidArgument,
              "needs {} weights, has {}", weight_shapes(node.op).size(), node.weights.size());
    });
  }
}

}  // namespace

std::vector<WeightInfo> weight_infos(const Graph& graph) {
  std::vector<WeightInfo> infos;
  std::map<std::string_view, std::size_t> index;
  for (const Node& node : graph.nodes) {
    const std::vector<Shape> shapes = weight_shapes(node.op);
    require(shapes.size() == node.weights.size(), ErrorCode::kInvalidArgument,
            "node '{}' needs {} weights, has {}", node.name, shapes.size(), node.weights.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const WeightRef& weight = node.weights[i];
      Shape shape = full_shape(weight, shapes[i], node.name);
      const auto [entry, is_new] = index.try_emplace(weight.name, infos.size());
      if (is_new) {
        infos.push_back({weight.name, dtype_of_weight(node.op, i), std::move(shape)});
        continue;
      }
      Shape& known = infos[entry->second].shape;
      const bool fits = known.size() == shape.size() &&
                        std::equal(known.begin() + (weight.row_end != 0), known.end(),
                                   shape.begin() + (weight.row_end != 0));
      require(fits, ErrorCode::kInvalidArgument,
              "node '{}' needs weight '{}' as {}, an earlier node as {}", node.name, weight.name,
              to_string(shape), to_string(known));
      if (!shape.empty()) known[0] = std::max(known[0], shape[0]);
    }
  }
  return infos;
}

std::string weight_problems(const std::vector<WeightInfo>& infos, const TensorMap& weights) {
  std::string problems;
  for (const WeightInfo& info : infos) {
    const auto found = weights.find(info.name);
    if (found == weights.end()) {
      problems += fmt::format("\n  missing: {} {}", info.name, to_string(info.shape));
    } else if (found->second.shape() != info.shape) {
      problems += fmt::format("\n  misshapen: {} is {}, needs {}", info.name,
                              to_string(found->second.shape()), to_string(info.shape));
    } else if (info.dtype == DType::kI64 ? found->second.dtype() != DType::kI64
                                         : !is_float(found->second.dtype())) {
      problems += fmt::format("\n  wrong type: {} is {}, needs {}", info.name,
                              name_of(found->second.dtype()),
                              info.dtype == DType::kI64 ? "int64" : "a floating-point type");
    }
  }
  return problems;
}

void validate(const Graph& graph, const TensorMap* weights) {
  with_context(fmt::format("graph '{}'", graph.name), [&] {
    check_edges(graph);
    check_shapes(graph);
    const std::vector<WeightInfo> infos = weight_infos(graph);
    if (weights == nullptr) return;
    const std::string problems = weight_problems(infos, *weights);
    require(problems.empty(), ErrorCode::kInvalidArgument, "weights do not fit:{}", problems);
  });
}

}  // namespace nest::graph
