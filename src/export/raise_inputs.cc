#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "raise.h"

/// What an operator asks of its attributes and inputs.
namespace nest::exports {
namespace {

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

bool is_near(double a, double b) {
  return std::fabs(a - b) <= 1e-5 * std::fabs(b);
}

bool is_same(const View& a, const View& b) {
  return a.base == b.base && a.axes == b.axes;
}

const Part* part_of(const Edge& edge, Part::Kind kind) {
  const auto* part = std::get_if<Part>(&edge);
  return part != nullptr && part->kind == kind ? part : nullptr;
}

std::optional<double> scalar_at(const Raise& at, const OnnxNode& node, std::size_t index) {
  const Tensor* tensor = at.constant(node, index);
  if (tensor == nullptr || tensor->numel() != 1) return std::nullopt;
  return scalar_of(*tensor);
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

}  // namespace nest::exports
