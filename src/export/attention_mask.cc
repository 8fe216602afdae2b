#include "attention_mask.h"

namespace nest::exports {

AttentionMask::AttentionMask(const Lowering& at, const graph::Attention& op) : at_(at) {
  OnnxBuilder& onnx = at_.onnx;
  const bool is_step = !at_.input(5).empty();
  const bool has_window = op.chunk > 0 || op.left >= 0 || op.right >= 0;
  if (is_step || has_window || op.kind == graph::Attention::Kind::kRelative) find_positions();
  if (is_step) exclude(onnx.add("Less", {other_, onnx.integer(0)}));
  if (op.chunk > 0) {
    add_chunks(op);
  } else {
    add_window(op);
  }
  // A query that has a key at its own position keeps that one.
  const bool has_own_key = is_step || at_.value(0).shape[1] == at_.value(1).shape[1];
  may_be_empty_ = has_window && !has_own_key;
  if (!at_.input(3).empty()) {
    admit(onnx.unsqueeze(at_.input(3), {1}));
    may_be_empty_ = true;
  }
  if (!at_.input(4).empty()) {
    exclude(onnx.unsqueeze(at_.input(4), {1, 2}));
    may_be_empty_ = true;
  }
}

void AttentionMask::find_positions() {
  OnnxBuilder& onnx = at_.onnx;
  const std::string queries = onnx.length(at_.input(0), 1), keys = onnx.length(at_.input(1), 1);
  const auto from_zero = [&](const std::string& length) {
    return onnx.add("Range", {onnx.integer(0), length, onnx.integer(1)});
  };
  own_ = from_zero(queries);
  other_ = from_zero(keys);
  if (const std::string position = at_.input(5); !position.empty()) {
    own_ = onnx.add("Add", {own_, position});
    const std::string past = onnx.add("Sub", {keys, queries});
    other_ = onnx.add("Add", {other_, onnx.add("Sub", {position, past})});
  }
  own_ = onnx.unsqueeze(own_, {1});
}

std::string AttentionMask::distance() const {
  return at_.onnx.add("Sub", {other_, own_});
}

void AttentionMask::exclude(const std::string& is_excluded) {
  admit(at_.onnx.add("Not", {is_excluded}));
}

void AttentionMask::admit(const std::string& is_admitted) {
  edge_ = edge_.empty() ? is_admitted : at_.onnx.add("And", {edge_, is_admitted});
}

void AttentionMask::add_window(const graph::Attention& op) {
  OnnxBuilder& onnx = at_.onnx;
  if (op.left >= 0) exclude(onnx.add("Less", {distance(), onnx.integer(-op.left)}));
  if (op.right >= 0) exclude(onnx.add("Greater", {distance(), onnx.integer(op.right)}));
}

/// Keys before the beginning are excluded already, so division may round towards zero.
void AttentionMask::add_chunks(const graph::Attention& op) {
  OnnxBuilder& onnx = at_.onnx;
  const auto chunk_of = [&](const std::string& position) {
    return onnx.add("Div", {position, onnx.integer(op.chunk)});
  };
  const std::string ahead = onnx.add("Sub", {chunk_of(other_), chunk_of(own_)});
  exclude(onnx.add("Greater", {ahead, onnx.integer(0)}));
  if (op.left_chunks >= 0) exclude(onnx.add("Less", {ahead, onnx.integer(-op.left_chunks)}));
}

std::string masked_softmax(OnnxBuilder& onnx, const std::string& scores, const std::string& mask,
                           bool may_be_empty) {
  const OnnxAttribute last = attribute("axis", std::int64_t{-1});
  if (mask.empty()) return onnx.add("Softmax", {scores}, {last});
  // Finite, so that a row without any key is no 0 / 0; far below every score, so that exp is 0.
  const double lowest = onnx.dialect().number == DType::kF16 ? -6e4 : -1e30;
  const std::string admitted = onnx.add("Where", {mask, scores, onnx.number(lowest)});
  const std::string weights = onnx.add("Softmax", {admitted}, {last});
  if (!may_be_empty) return weights;
  return onnx.add("Mul", {weights, onnx.cast(mask, onnx.dialect().number)});
}

}  // namespace nest::exports
