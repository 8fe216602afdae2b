#include "style.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "graph_to_onnx.h"
#include "nest/core/error.h"
#include "nest/graph/frames.h"

namespace nest::exports {
namespace {

using Renamed = std::map<std::string, std::string>;

/// Ports by our names, and how states are numbered.
struct StyleNames {
  Renamed encoder, predictor, joiner;
  std::string state, next_state;  ///< with {} for the number
};

const StyleNames& names_of(OnnxStyle style) {
  static const StyleNames kIcefall{{{"eeg_data", "x"}, {"encoder_output", "encoder_out"}},
                                   {{"tokens", "y"}, {"prediction_output", "decoder_out"}},
                                   {{"encoder_output", "encoder_out"},
                                    {"prediction_output", "decoder_out"},
                                    {"logits", "logit"}},
                                   "state{}",
                                   "new_state{}"};
  static const StyleNames kNemo{{{"eeg_data", "audio_signal"}, {"encoder_output", "outputs"}},
                                {{"tokens", "targets"}, {"prediction_output", "outputs"}},
                                {{"encoder_output", "encoder_outputs"},
                                 {"prediction_output", "decoder_outputs"},
                                 {"logits", "outputs"}},
                                "cache_{}",
                                "cache_{}_next"};
  return style == OnnxStyle::kIcefall ? kIcefall : kNemo;
}

void rename_ports(OnnxGraph& graph, const Renamed& names) {
  const auto apply = [&](std::string& name) {
    if (const auto found = names.find(name); found != names.end()) name = found->second;
  };
  for (OnnxNode& node : graph.nodes) {
    std::ranges::for_each(node.inputs, apply);
    std::ranges::for_each(node.outputs, apply);
  }
  for (OnnxValue& value : graph.inputs) apply(value.name);
  for (OnnxValue& value : graph.outputs) apply(value.name);
}

/// What icefall's and sherpa's loaders look for.
void add_icefall_metadata(const graph::Model& model, OnnxModel& onnx) {
  std::int64_t layers = 0, hidden = 0;
  for (const graph::Node& node : model.graph("encoder").nodes) {
    const auto* lstm = std::get_if<graph::Lstm>(&node.op);
    if (lstm == nullptr) continue;
    layers += lstm->num_layers;
    hidden = lstm->hidden_size;
  }
  const std::int64_t samples = graph::samples_per_frame(model);
  const auto width = [&](std::string_view of, std::string_view port) {
    const graph::Graph& whole = model.graph(of);
    return whole.value(whole.output(port).value).shape.back().text();
  };
  const auto add = [&](const char* key, std::string value) {
    onnx.metadata.emplace_back(key, std::move(value));
  };
  add("model_type", "lstm");
  add("version", "1");
  add("model_author", "nest");
  add("T", std::to_string(samples));
  add("decode_chunk_len", std::to_string(samples));
  add("num_encoder_layers", std::to_string(layers));
  add("d_model", width("encoder", "encoder_output"));
  add("rnn_hidden_size", std::to_string(hidden));
  add("context_size", "1");
  add("vocab_size", std::to_string(model.vocabulary.size));
  add("joiner_dim", width("predictor", "prediction_output"));
}

/// Names of this graph's ports; states in their order.
Renamed names_for(const StyleNames& style, const graph::Graph& graph) {
  Renamed names;
  if (graph.name.starts_with("encoder")) names = style.encoder;
  if (graph.name == "predictor") names = style.predictor;
  if (graph.name == "joiner") names = style.joiner;
  int count = 0;
  for (const graph::Port& port : graph.outputs) {
    if (port.feeds.empty()) continue;
    names[port.feeds] = fmt::format(fmt::runtime(style.state), count);
    names[state_output(port.feeds)] = fmt::format(fmt::runtime(style.next_state), count);
    ++count;
  }
  return names;
}

}  // namespace

EnumTable enum_table(OnnxStyle) {
  static constexpr EnumName kNames[] = {
      {OnnxStyle::kNest, "nest"}, {OnnxStyle::kIcefall, "icefall"}, {OnnxStyle::kNemo, "nemo"}};
  return {"style of names", kNames};
}

Renamed apply_style(OnnxStyle style, const graph::Model& model, const graph::Graph& graph,
                    OnnxModel& onnx) {
  if (style == OnnxStyle::kNest) return {};
  require(model.family == graph::Family::kTransducer, ErrorCode::kUnsupported,
          "`style` {} is that of transducers; the model is of family {}", name_of(style),
          name_of(model.family));
  std::erase_if(onnx.graph.outputs,
                [](const OnnxValue& value) { return value.name == "spatial_features"; });
  Renamed names = names_for(names_of(style), graph);
  rename_ports(onnx.graph, names);
  std::erase_if(onnx.metadata, [](const auto& entry) { return entry.first == "states"; });
  if (style == OnnxStyle::kIcefall) add_icefall_metadata(model, onnx);
  if (style == OnnxStyle::kNemo)
    onnx.metadata.emplace_back("vocab_size", std::to_string(model.vocabulary.size - 1));
  return names;
}

}  // namespace nest::exports
