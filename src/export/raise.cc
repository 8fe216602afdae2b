#include "raise.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include <fmt/ranges.h>

#include "nest/core/error.h"

namespace nest::exports {
namespace {

constexpr int kLeastOpsetRead = 7;
constexpr std::size_t kMostListed = 20;
constexpr std::int64_t kLongest = 1 << 24;  ///< of an input's axis

Follow find_follow(const OnnxNode& node) {
  if (!node.domain.empty()) return nullptr;
  for (const auto find : {follow_products, follow_recurrent, follow_rows, follow_elementwise,
                          follow_layout, follow_lengths}) {
    if (const Follow follow = find(node.op)) return follow;
  }
  return nullptr;
}

bool has_only(const std::string& text, int (*is)(int)) {
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) { return is(c) != 0; });
}

/// "/encoder/lstm/LSTM_1" -> "encoder.lstm": the module, without the operator's own part.
std::string module_of(const OnnxNode& node) {
  std::vector<std::string> parts(1);
  for (const char c : node.name) {
    if (c == '/' || c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ? c : '_';
    }
  }
  std::erase(parts, "");
  if (!parts.empty() && parts.back().starts_with(node.op)) {
    const std::string rest = parts.back().substr(node.op.size());
    const bool is_number =
        rest.size() > 1 && rest[0] == '_' && has_only(rest.substr(1), std::isdigit);
    if (parts.size() > 1 && (rest.empty() || is_number)) parts.pop_back();
  }
  return parts.empty() ? node.op : fmt::format("{}", fmt::join(parts, "."));
}

}  // namespace

const OnnxAttribute::Value* find_attribute(const OnnxNode& node, std::string_view name) {
  const auto found = std::ranges::find(node.attributes, name, &OnnxAttribute::name);
  return found == node.attributes.end() ? nullptr : &found->value;
}

template <class T>
static T attribute_as(const OnnxNode& node, std::string_view name, T otherwise) {
  const OnnxAttribute::Value* value = find_attribute(node, name);
  if (value == nullptr) return otherwise;
  const T* held = std::get_if<T>(value);
  require(held != nullptr, ErrorCode::kDataCorrupt, "attribute '{}' has another type than ONNX's",
          name);
  return *held;
}

std::int64_t attribute_or(const OnnxNode& node, std::string_view name, std::int64_t otherwise) {
  return attribute_as<std::int64_t>(node, name, otherwise);
}
double attribute_or(const OnnxNode& node, std::string_view name, double otherwise) {
  return static_cast<double>(attribute_as<float>(node, name, static_cast<float>(otherwise)));
}
std::string attribute_or(const OnnxNode& node, std::string_view name, std::string otherwise) {
  return attribute_as<std::string>(node, name, std::move(otherwise));
}

double scalar_of(const Tensor& tensor) {
  require(tensor.numel() == 1, ErrorCode::kUnsupported, "a constant {} stands where one number is",
          to_string(tensor.shape()));
  if (tensor.dtype() == DType::kI64) return static_cast<double>(tensor.data<std::int64_t>()[0]);
  if (tensor.dtype() == DType::kF64) return tensor.data<double>()[0];
  return static_cast<double>(tensor.to(DType::kF32).data<float>()[0]);
}

Raise::Raise(const OnnxModel& onnx, graph::Model& model, graph::Graph& graph)
    : onnx_(onnx), model_(model), graph_(graph) {
  for (const auto& [domain, version] : onnx.opsets) {
    if (domain.empty() || domain == "ai.onnx") opset_ = version;
  }
  require(opset_ >= kLeastOpsetRead, ErrorCode::kUnsupported,
          "the operator set is {}, the oldest that is read is {}; export the model anew", opset_,
          kLeastOpsetRead);
}

void Raise::begin() {
  for (const OnnxTensor& tensor : onnx_.graph.initializers) edges_[tensor.name] = tensor.values;
  for (const OnnxValue& value : onnx_.graph.outputs) outputs_.insert(value.name);
  for (const OnnxNode& node : onnx_.graph.nodes) {
    for (const std::string& input : node.inputs) readers_[input].push_back(&node);
  }
  static constexpr const char* kSymbols[] = {"T", "U", "K", "N"};
  std::map<std::string, std::string> symbols;  // by ONNX's name of the length
  std::size_t next = 0;
  for (const OnnxValue& value : onnx_.graph.inputs) {
    if (edges_.contains(value.name)) continue;  // a weight that may be overridden
    graph::DimShape shape;
    int time_axis = -1;
    for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
      if (const auto* length = std::get_if<std::int64_t>(&value.shape[axis])) {
        require(*length >= 1 && *length <= kLongest, ErrorCode::kUnsupported,
                "input '{}' has an axis of length {}; 1 to {} are read", value.name, *length,
                kLongest);
        shape.emplace_back(*length);
        continue;
      }
      const auto& name = std::get<std::string>(value.shape[axis]);
      std::string& symbol = symbols[name.empty() ? fmt::format("{} {}", value.name, axis) : name];
      if (symbol.empty()) {
        require(axis == 0 || next < std::size(kSymbols), ErrorCode::kUnsupported,
                "input '{}' has more open lengths than {}", value.name, std::size(kSymbols));
        symbol = axis == 0 ? "B" : kSymbols[next++];
      }
      if (symbol == "T" && time_axis < 0) time_axis = static_cast<int>(axis);
      shape.push_back(graph::Dim::symbol(symbol));
    }
    const DType dtype = value.dtype == DType::kF16 ? DType::kF32 : value.dtype;
    const graph::ValueId id = graph_.add_input(value.name, dtype, std::move(shape), time_axis);
    edges_[value.name] = whole_view(graph_, id);
  }
}

void Raise::follow(const OnnxNode& node) {
  const Follow follow = find_follow(node);
  const auto where =
      fmt::format("{} '{}'", node.domain.empty() ? node.op : node.domain + "." + node.op,
                  node.name.empty() ? node.outputs.at(0) : node.name);
  if (follow == nullptr) {
    uncovered_.push_back(where);
    return;
  }
  for (const std::string& name : node.inputs) {
    const auto found = edges_.find(name);
    if (!name.empty() && found != edges_.end() &&
        std::holds_alternative<std::monostate>(found->second))
      return;  // behind an operator that is not covered
  }
  try {
    follow(*this, node);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kDataCorrupt) throw;
    uncovered_.push_back(fmt::format("{} ({})", where, error.message()));
  } catch (const std::out_of_range&) {
    uncovered_.push_back(where + " (an axis, input or output is missing)");
  }
}

void Raise::end() {
  for (const OnnxValue& value : onnx_.graph.outputs) {
    const Edge& result = edge(value.name);
    OnnxNode reader;
    reader.name = value.name;
    reader.inputs = {value.name};
    require(!std::holds_alternative<Tensor>(result), ErrorCode::kUnsupported,
            "output '{}' is constant", value.name);
    std::string feeds;
    constexpr std::string_view kState = "_out";
    if (value.name.ends_with(kState)) {
      const std::string state = value.name.substr(0, value.name.size() - kState.size());
      const bool is_input = std::ranges::any_of(
          graph_.inputs, [&](const graph::Port& port) { return port.name == state; });
      if (is_input) feeds = state;
    }
    graph_.add_output(value.name, this->value(reader, 0), feeds);
  }
  for (graph::Port& port : graph_.inputs) {
    for (const graph::Port& out : graph_.outputs)
      port.is_optional = port.is_optional || out.feeds == port.name;
  }
}

void Raise::run() {
  begin();
  for (const OnnxNode& node : onnx_.graph.nodes) {
    require(!node.outputs.empty(), ErrorCode::kDataCorrupt, "operator {} '{}' has no output",
            node.op, node.name);
    for (const std::string& output : node.outputs) edges_.emplace(output, Edge());
    if (!skipped_.contains(&node)) follow(node);
  }
  if (!uncovered_.empty()) {
    const std::size_t shown = std::min(uncovered_.size(), kMostListed);
    fail(ErrorCode::kUnsupported,
         "{} operators are none of the node kinds here: {}{}; docs/convert.md says what is covered",
         uncovered_.size(),
         fmt::join(uncovered_.begin(), uncovered_.begin() + static_cast<std::ptrdiff_t>(shown),
                   "; "),
         shown < uncovered_.size() ? "; ..." : "");
  }
  end();
}

const Edge& Raise::edge(const std::string& name) const {
  const auto found = edges_.find(name);
  require(found != edges_.end(), ErrorCode::kDataCorrupt, "'{}' is read before anything gives it",
          name);
  return found->second;
}

const Edge& Raise::input(const OnnxNode& node, std::size_t index) const {
  require(has_input(node, index), ErrorCode::kUnsupported, "input {} is missing", index);
  return edge(node.inputs[index]);
}

View Raise::view(const OnnxNode& node, std::size_t index) {
  const Edge& edge = input(node, index);
  if (const auto* view = std::get_if<View>(&edge)) return *view;
  const auto* part = std::get_if<Part>(&edge);
  require(part != nullptr, ErrorCode::kUnsupported, "input {} is no value of the graph", index);
  const std::string name = fmt::format("{}.part{}", module_of(node), graph_.nodes.size());
  const graph::ValueId value = value_of(*part, name);
  edges_[node.inputs[index]] = whole_view(graph_, value);
  return whole_view(graph_, value);
}

graph::ValueId Raise::value_of(const Part& part, const std::string& name) {
  const bool is_sigmoid = part.kind == Part::Kind::kSigmoid;
  require(is_sigmoid || part.kind == Part::Kind::kSlice, ErrorCode::kUnsupported,
          "an input is a part of gelu, log, layer norm or padding that stands alone");
  graph::ValueId x = materialized(graph_, part.x, name + ".x");
  if (!is_sigmoid || part.is_slice())
    x = graph_.add_node(name + ".slice", graph::Slice{part.axis, part.begin, part.end}, {x})[0];
  if (!is_sigmoid) return x;
  return graph_.add_node(name, graph::Activate{graph::Activation::kSigmoid}, {x})[0];
}

graph::ValueId Raise::value(const View& view, const OnnxNode& node) {
  std::string key = fmt::format("{} {}", view.base, view.scale);
  for (const AtomGroup& group : view.axes) {
    key += " [";
    for (const Atom& atom : group)
      key += fmt::format("{}:{}:{} ", atom.axis, atom.size.text(), atom.inner);
    key += "]";
  }
  if (const auto found = made_.find(key); found != made_.end()) return found->second;
  const graph::ValueId made =
      materialized(graph_, view, fmt::format("{}.in{}", module_of(node), graph_.nodes.size()));
  made_.emplace(std::move(key), made);
  return made;
}

graph::ValueId Raise::value(const OnnxNode& node, std::size_t index) {
  return value(view(node, index), node);
}

const Tensor* Raise::constant(const OnnxNode& node, std::size_t index) const {
  if (!has_input(node, index)) return nullptr;
  const auto found = edges_.find(node.inputs[index]);  // of an operator ahead: not there yet
  return found == edges_.end() ? nullptr : std::get_if<Tensor>(&found->second);
}

Tensor Raise::weight(const OnnxNode& node, std::size_t index, std::string_view what) const {
  const Tensor* tensor = constant(node, index);
  require(tensor != nullptr, ErrorCode::kUnsupported, "its {} is not constant", what);
  return tensor->to(DType::kF32);
}

std::optional<std::vector<std::int64_t>> Raise::integers(const OnnxNode& node, std::size_t index,
                                                         std::string_view name) const {
  if (const OnnxAttribute::Value* value = find_attribute(node, name)) {
    const auto* list = std::get_if<std::vector<std::int64_t>>(value);
    require(list != nullptr, ErrorCode::kDataCorrupt, "attribute '{}' is no list of integers",
            name);
    return *list;
  }
  if (!has_input(node, index)) return std::nullopt;
  const auto lengths = lengths_of(input(node, index));
  require(lengths && std::ranges::all_of(lengths->dims, &graph::Dim::is_constant),
          ErrorCode::kUnsupported, "its {} are not constant", name);
  std::vector<std::int64_t> list;
  for (const graph::Dim& dim : lengths->dims) list.push_back(dim.constant());
  return list;
}

std::string Raise::name_of(const OnnxNode& node, const std::string& of_weight) {
  std::string wanted = module_of(node);
  constexpr std::string_view kWeight = ".weight";
  if (of_weight.ends_with(kWeight)) wanted = of_weight.substr(0, of_weight.size() - kWeight.size());
  std::string name = wanted;
  for (int i = 1; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

graph::WeightRef Raise::add_weight(const std::string& node, std::string_view what, Tensor values) {
  std::string name = fmt::format("{}.{}", node, what);
  model_.weights.insert_or_assign(name, std::move(values));
  return {std::move(name)};
}

void Raise::emit(const OnnxNode& node, graph::Op op, std::vector<graph::ValueId> inputs,
                 std::vector<graph::WeightRef> weights) {
  std::string name = name_of(node);
  if (!weights.empty()) name = weights[0].name.substr(0, weights[0].name.rfind('.'));
  const auto made = graph_.add_node(name, std::move(op), std::move(inputs), std::move(weights));
  set(node, whole_view(graph_, made[0]));
}

const OnnxNode* Raise::only_reader(const std::string& edge) const {
  const auto found = readers_.find(edge);
  if (found == readers_.end() || found->second.size() != 1 || outputs_.contains(edge))
    return nullptr;
  return found->second.front();
}

}  // namespace nest::exports
