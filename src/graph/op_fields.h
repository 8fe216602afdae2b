#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include "nest/graph/op.h"

/// The attributes of every node kind by name, written once: dumps, JSON and comparison walk them.
namespace nest::graph {

template <class O, class T>
concept Like = std::same_as<std::remove_const_t<O>, T>;

template <class V, Like<Conv> O>
void visit_fields(V&& v, O& op) {
  v("in", op.in_channels);
  v("out", op.out_channels);
  v("kernel_s", op.kernel_s);
  v("kernel_t", op.kernel_t);
  v("stride_t", op.stride_t);
  v("dilation_t", op.dilation_t);
  v("pad_left", op.pad_left);
  v("pad_right", op.pad_right);
  v("groups", op.groups);
  v("bias", op.has_bias);
  v("is_2d", op.is_2d);
}
template <class V, Like<BatchNorm> O>
void visit_fields(V&& v, O& op) {
  v("channels", op.channels);
  v("eps", op.eps);
  v("momentum", op.momentum);
}
template <class V, Like<Pool> O>
void visit_fields(V&& v, O& op) {
  v("pool", op.kind);
  v("kernel", op.kernel);
  v("stride", op.stride);
}
template <class V, Like<Activate> O>
void visit_fields(V&& v, O& op) {
  v("function", op.function);
}
template <class V, Like<Glu> O>
void visit_fields(V&& v, O& op) {
  v("axis", op.axis);
}
template <class V, Like<Dropout> O>
void visit_fields(V&& v, O& op) {
  v("p", op.p);
}
template <class V, Like<Linear> O>
void visit_fields(V&& v, O& op) {
  v("in", op.in_features);
  v("out", op.out_features);
  v("bias", op.has_bias);
}
template <class V, class O>
requires Like<O, Lstm> || Like<O, Gru>
void visit_fields(V&& v, O& op) {
  v("in", op.input_size);
  v("hidden", op.hidden_size);
  v("layers", op.num_layers);
  v("bidirectional", op.bidirectional);
  v("dropout", op.dropout);
}
template <class V, Like<Attention> O>
void visit_fields(V&& v, O& op) {
  v("attention", op.kind);
  v("dim", op.embed_dim);
  v("heads", op.num_heads);
  v("left", op.left);
  v("right", op.right);
  v("chunk", op.chunk);
  v("left_chunks", op.left_chunks);
  v("max_distance", op.max_distance);
  v("dropout", op.dropout);
}
template <class V, Like<AdditiveAttention> O>
void visit_fields(V&& v, O& op) {
  v("hidden", op.hidden);
}
template <class V, Like<LocationFeatures> O>
void visit_fields(V&& v, O& op) {
  v("filters", op.filters);
  v("kernel", op.kernel);
}
template <class V, Like<LayerNorm> O>
void visit_fields(V&& v, O& op) {
  v("features", op.features);
  v("eps", op.eps);
}
template <class V, Like<Embedding> O>
void visit_fields(V&& v, O& op) {
  v("vocab", op.vocab_size);
  v("features", op.features);
}
template <class V, Like<PositionalEncoding> O>
void visit_fields(V&& v, O& op) {
  v("max_len", op.max_len);
  v("features", op.features);
}
template <class V, Like<Scale> O>
void visit_fields(V&& v, O& op) {
  v("factor", op.factor);
}
template <class V, class O>
requires Like<O, Concat> || Like<O, Unsqueeze> || Like<O, Squeeze> || Like<O, CountFrames>
void visit_fields(V&& v, O& op) {
  v("axis", op.axis);
}
template <class V, Like<Permute> O>
void visit_fields(V&& v, O& op) {
  v("order", op.order);
}
template <class V, Like<Slice> O>
void visit_fields(V&& v, O& op) {
  v("axis", op.axis);
  v("begin", op.begin);
  v("end", op.end);
}
template <class V, class O>
requires Like<O, Add> || Like<O, Mul> || Like<O, LogSoftmax> || Like<O, Softmax>
void visit_fields(V&&, O&) {}

}  // namespace nest::graph
