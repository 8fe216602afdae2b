#include "nest/graph/op.h"

#include <fmt/format.h>

#include "op_fields.h"

namespace nest::graph {

namespace {

struct KindName {
  std::string_view operator()(const Conv&) const { return "conv"; }
  std::string_view operator()(const BatchNorm&) const { return "batch_norm"; }
  std::string_view operator()(const Pool&) const { return "pool"; }
  std::string_view operator()(const Activate&) const { return "activate"; }
  std::string_view operator()(const Glu&) const { return "glu"; }
  std::string_view operator()(const Dropout&) const { return "dropout"; }
  std::string_view operator()(const Linear&) const { return "linear"; }
  std::string_view operator()(const Lstm&) const { return "lstm"; }
  std::string_view operator()(const Gru&) const { return "gru"; }
  std::string_view operator()(const Attention&) const { return "attention"; }
  std::string_view operator()(const AdditiveAttention&) const { return "additive_attention"; }
  std::string_view operator()(const LocationFeatures&) const { return "location_features"; }
  std::string_view operator()(const LayerNorm&) const { return "layer_norm"; }
  std::string_view operator()(const Embedding&) const { return "embedding"; }
  std::string_view operator()(const CountFrames&) const { return "count_frames"; }
  std::string_view operator()(const PositionalEncoding&) const { return "positional_encoding"; }
  std::string_view operator()(const Add&) const { return "add"; }
  std::string_view operator()(const Mul&) const { return "mul"; }
  std::string_view operator()(const Scale&) const { return "scale"; }
  std::string_view operator()(const Concat&) const { return "concat"; }
  std::string_view operator()(const Permute&) const { return "permute"; }
  std::string_view operator()(const Unsqueeze&) const { return "unsqueeze"; }
  std::string_view operator()(const Squeeze&) const { return "squeeze"; }
  std::string_view operator()(const Slice&) const { return "slice"; }
  std::string_view operator()(const LogSoftmax&) const { return "log_softmax"; }
  std::string_view operator()(const Softmax&) const { return "softmax"; }
};

std::string value_text(std::int64_t value) {
  return std::to_string(value);
}
std::string value_text(int value) {
  return std::to_string(value);
}
std::string value_text(bool value) {
  return value ? "yes" : "no";
}
std::string value_text(double value) {
  return fmt::format("{}", value);
}
template <NamedEnum E>
std::string value_text(E value) {
  return std::string(name_of(value));
}
std::string value_text(const std::vector<int>& value) {
  std::string text;
  for (const int item : value) text += (text.empty() ? "" : ",") + std::to_string(item);
  return text;
}

/// Attributes that say nothing when they have their default are left out.
struct Writer {
  std::string text;
  template <class T>
  void add(std::string_view name, const T& value) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value_text(value));
  }
};

}  // namespace

std::string_view kind_name(const Op& op) {
  return std::visit(KindName{}, op);
}

std::string attributes_text(const Op& op) {
  Writer writer;
  std::visit(
      [&writer]<class O>(const O& node) {
        // The same fields of a default node, in the same order, to compare with.
        std::vector<std::string> defaults;
        const O plain{};
        visit_fields(
            [&](std::string_view, const auto& value) { defaults.push_back(value_text(value)); },
            plain);
        std::size_t i = 0;
        visit_fields(
            [&](std::string_view name, const auto& value) {
              const bool is_enum = std::is_enum_v<std::remove_cvref_t<decltype(value)>>;
              if (is_enum || value_text(value) != defaults[i]) writer.add(name, value);
              ++i;
            },
            node);
      },
      op);
  return writer.text;
}

EnumTable enum_table(Activation /*of*/) {
  static constexpr EnumName kNames[] = {
      {Activation::kElu, "elu"},       {Activation::kRelu, "relu"},
      {Activation::kGelu, "gelu"},     {Activation::kSilu, "silu"},
      {Activation::kTanh, "tanh"},     {Activation::kSigmoid, "sigmoid"},
      {Activation::kSquare, "square"}, {Activation::kLog, "log"}};
  return {"activation", kNames};
}

EnumTable enum_table(Pool::Kind /*of*/) {
  static constexpr EnumName kNames[] = {{Pool::Kind::kMean, "mean"}, {Pool::Kind::kMax, "max"}};
  return {"kind of pooling", kNames};
}

EnumTable enum_table(Attention::Kind /*of*/) {
  static constexpr EnumName kNames[] = {{Attention::Kind::kSoftmax, "softmax"},
                                        {Attention::Kind::kRelative, "relative"},
                                        {Attention::Kind::kLinear, "linear"}};
  return {"kind of attention", kNames};
}

}  // namespace nest::graph
