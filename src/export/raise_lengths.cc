#include <algorithm>

#include "nest/core/error.h"
#include "raise.h"

/// Lengths of values and what is computed from them: exporters write shapes as arithmetic.
namespace nest::exports {
namespace {

void shape(Raise& at, const OnnxNode& node) {
  graph::DimShape dims;
  const Edge& edge = at.input(node, 0);
  if (const auto* tensor = std::get_if<Tensor>(&edge)) {
    for (const std::int64_t length : tensor->shape()) dims.emplace_back(length);
  } else {
    dims = shape_of(at.view(node, 0));
  }
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto bound = [&](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t begin = bound(attribute_or(node, "start", std::int64_t{0}));
  const std::int64_t end = std::max(begin, bound(attribute_or(node, "end", rank)));
  at.set(node, Lengths{{dims.begin() + begin, dims.begin() + end}, false});
}

Tensor constant_of(const OnnxNode& node) {
  for (const char* name : {"value", "value_int", "value_ints", "value_float", "value_floats"}) {
    const OnnxAttribute::Value* value = find_attribute(node, name);
    if (value == nullptr) continue;
    if (const auto* tensor = std::get_if<Tensor>(value)) return *tensor;
    if (const auto* one = std::get_if<std::int64_t>(value))
      return Tensor::from<std::int64_t>({}, std::vector{*one});
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(value))
      return Tensor::from<std::int64_t>({static_cast<std::int64_t>(list->size())}, *list);
    if (const auto* one = std::get_if<float>(value))
      return Tensor::from<float>({}, std::vector{*one});
    if (const auto* list = std::get_if<std::vector<float>>(value))
      return Tensor::from<float>({static_cast<std::int64_t>(list->size())}, *list);
  }
  fail(ErrorCode::kUnsupported, "it holds neither numbers nor a tensor");
}

void constant(Raise& at, const OnnxNode& node) {
  at.set(node, constant_of(node));
}

bool is_zero(const Tensor& tensor) {
  const auto* bytes = static_cast<const std::byte*>(tensor.raw());
  return std::all_of(bytes, bytes + tensor.nbytes(), [](std::byte b) { return b == std::byte{0}; });
}

constexpr std::int64_t kShort = 64;  ///< what lists of integers are made of

void constant_of_shape(Raise& at, const OnnxNode& node) {
  const OnnxAttribute::Value* value = find_attribute(node, "value");
  require(value == nullptr ||
              (std::holds_alternative<Tensor>(*value) && is_zero(std::get<Tensor>(*value))),
          ErrorCode::kUnsupported, "it is filled with another number than 0");
  const auto lengths = lengths_of(at.input(node, 0));
  const bool is_short = lengths && lengths->dims.size() == 1 && lengths->dims[0].is_constant() &&
                        lengths->dims[0].constant() <= kShort;
  if (!is_short) return at.set(node, Zeros{});
  const DType dtype = value == nullptr ? DType::kF32 : std::get<Tensor>(*value).dtype();
  at.set(node, Tensor(dtype, {lengths->dims[0].constant()}));
}

/// Zeros stay zeros; a value that already has the lengths stays what it is.
void expand(Raise& at, const OnnxNode& node) {
  const Edge& edge = at.input(node, 0);
  const auto* tensor = std::get_if<Tensor>(&edge);
  if (std::holds_alternative<Zeros>(edge) || (tensor != nullptr && is_zero(*tensor)))
    return at.set(node, Zeros{});
  const auto target = lengths_of(at.input(node, 1));
  require(target && std::holds_alternative<View>(edge) &&
              shape_of(std::get<View>(edge)) == target->dims,
          ErrorCode::kUnsupported, "it repeats values");
  at.set(node, Edge(edge));
}

/// Foreign arithmetic stays within what lengths can be, in size and in words.
const graph::Dim& bounded(const graph::Dim& dim) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  constexpr std::size_t kLongestText = 200;
  const bool is_fine = dim.is_constant() ? dim.constant() >= -kMost && dim.constant() <= kMost
                                         : dim.text().size() <= kLongestText;
  require(is_fine, ErrorCode::kUnsupported, "a length is computed that none can be");
  return dim;
}

graph::Dim computed(const std::string& op, const graph::Dim& a, const graph::Dim& b) {
  bounded(a);
  bounded(b);
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  require(b.is_constant() && b.constant() > 0, ErrorCode::kUnsupported, "a length is divided by {}",
          b.text());
  if (op == "Mod") {
    require(a.is_constant() && a.constant() >= 0, ErrorCode::kUnsupported,
            "the rest of an open length");
    return a.constant() % b.constant();
  }
  return a / b.constant();
}

}  // namespace

std::optional<Lengths> lengths_of(const Edge& edge) {
  if (const auto* lengths = std::get_if<Lengths>(&edge)) return *lengths;
  const auto* tensor = std::get_if<Tensor>(&edge);
  const bool is_integer =
      tensor != nullptr && (tensor->dtype() == DType::kI64 || tensor->dtype() == DType::kI32);
  if (!is_integer || tensor->rank() > 1) return std::nullopt;
  Lengths lengths{{}, tensor->rank() == 0};
  const Tensor wide = tensor->to(DType::kI64);
  for (const std::int64_t length : wide.data<std::int64_t>()) lengths.dims.emplace_back(length);
  return lengths;
}

bool compute_lengths(Raise& at, const OnnxNode& node) {
  const auto a = lengths_of(at.input(node, 0)), b = lengths_of(at.input(node, 1));
  if (!a || !b) return false;
  const std::size_t count = std::max(a->dims.size(), b->dims.size());
  const auto element = [&](const Lengths& lengths, std::size_t i) -> const graph::Dim& {
    require(lengths.dims.size() == count || lengths.dims.size() == 1, ErrorCode::kUnsupported,
            "{} lengths meet {}", lengths.dims.size(), count);
    return lengths.dims[lengths.dims.size() == 1 ? 0 : i];
  };
  Lengths made{{}, a->is_scalar && b->is_scalar};
  for (std::size_t i = 0; i < count; ++i)
    made.dims.push_back(computed(node.op, element(*a, i), element(*b, i)));
  at.set(node, made);
  return true;
}

bool compute_number(Raise& at, const OnnxNode& node) {
  const Tensor* a = at.constant(node, 0);
  const Tensor* b = at.constant(node, 1);
  if (a == nullptr || b == nullptr || a->numel() != 1 || b->numel() != 1) return false;
  const double x = scalar_of(*a), y = scalar_of(*b);
  const double made = node.op == "Add"   ? x + y
                      : node.op == "Sub" ? x - y
                      : node.op == "Mul" ? x * y
                                         : x / y;
  at.set(node, Tensor::from<float>({}, std::vector<float>{static_cast<float>(made)}));
  return true;
}

static void modulo(Raise& at, const OnnxNode& node) {
  require(compute_lengths(at, node), ErrorCode::kUnsupported, "it is of values");
}

Follow follow_lengths(std::string_view op) {
  static const std::map<std::string_view, Follow> kFollow{{"Shape", shape},
                                                          {"Constant", constant},
                                                          {"ConstantOfShape", constant_of_shape},
                                                          {"Expand", expand},
                                                          {"Mod", modulo}};
  const auto found = kFollow.find(op);
  return found == kFollow.end() ? nullptr : found->second;
}

}  // namespace nest::exports
