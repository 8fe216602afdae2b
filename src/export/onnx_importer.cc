#include "nest/export/onnx_importer.h"

#include <map>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/graph/rewrite.h"
#include "onnx_read.h"
#include "own_file.h"
#include "raise.h"

namespace nest::exports {
namespace {

std::size_t last_linear(const graph::Graph& graph) {
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (std::holds_alternative<graph::Linear>(graph.nodes[i].op)) return i;
  }
  fail(ErrorCode::kUnsupported, "there is no linear layer that a CTC head could be made of");
}

/// The input of a graph under the name that encoders here have.
void name_ports(graph::Graph& graph, const std::string& input, const std::string& output) {
  require(graph.inputs.size() == 1 && graph.outputs.size() == 1, ErrorCode::kUnsupported,
          "a CTC model has one input and one output, not {} and {}", graph.inputs.size(),
          graph.outputs.size());
  graph.inputs[0].name = input;
  graph.outputs[0].name = output;
}

/// Copies the nodes from `first` on into a graph of their own whose input is what node `first`
/// reads.
graph::Graph head_of(const graph::Graph& whole, std::size_t first) {
  graph::Graph head;
  head.name = "ctc_head";
  const graph::ValueId cut = whole.nodes[first].inputs[0];
  const graph::Value& frames = whole.value(cut);
  std::map<graph::ValueId, graph::ValueId> made;
  graph::DimShape shape = frames.shape;
  if (frames.time_axis >= 0)
    shape[static_cast<std::size_t>(frames.time_axis)] = graph::Dim::symbol("T");
  made[cut] = head.add_input("encoder_output", frames.dtype, shape, frames.time_axis);
  for (std::size_t i = first; i < whole.nodes.size(); ++i) {
    const graph::Node& node = whole.nodes[i];
    std::vector<graph::ValueId> inputs;
    for (const graph::ValueId id : node.inputs) {
      const auto found = made.find(id);
      require(found != made.end(), ErrorCode::kUnsupported,
              "'{}' behind the last linear layer reads what lies before it", node.name);
      inputs.push_back(found->second);
    }
    const auto outputs = head.add_node(node.name, node.op, std::move(inputs), node.weights);
    for (std::size_t o = 0; o < outputs.size(); ++o) made[node.outputs[o]] = outputs[o];
  }
  head.add_output("log_probs", made.at(whole.outputs[0].value));
  return head;
}

/// Encoder and head of a graph from a signal to log-probabilities.
void cut_ctc(graph::Model& model, graph::Graph whole) {
  name_ports(whole, "eeg_data", "log_probs");
  const std::size_t cut = last_linear(whole);
  const std::int64_t size = std::get<graph::Linear>(whole.nodes[cut].op).out_features;
  require(whole.value(whole.outputs[0].value).shape.back() == graph::Dim(size) &&
              whole.value(whole.inputs[0].value).shape.size() == 3,
          ErrorCode::kUnsupported,
          "a CTC model takes [batch, channels, samples] and gives [batch, frames, vocabulary]");
  graph::Graph head = head_of(whole, cut);
  if (!std::holds_alternative<graph::LogSoftmax>(head.nodes.back().op)) {
    const graph::ValueId scores = head.outputs[0].value;
    head.outputs[0].value = head.add_node("log_softmax", graph::LogSoftmax{}, {scores})[0];
  }
  const graph::ValueId frames = whole.nodes[cut].inputs[0];
  whole.outputs.clear();
  whole.add_output("spatial_features", frames);
  whole.add_output("encoder_output", frames);
  whole.nodes.resize(cut);
  graph::compact(whole);
  whole.name = "encoder";
  model.family = graph::Family::kCtc;
  model.vocabulary.size = size;
  const graph::Dim channels = whole.value(whole.inputs[0].value).shape[1];
  if (channels.is_constant()) model.signal.num_channels = channels.constant();
  model.graphs.emplace("encoder", std::move(whole));
  model.graphs.emplace("ctc_head", std::move(head));
}

graph::Model raise(const OnnxModel& onnx, const std::string& name, const ImportOptions& options) {
  graph::Model model;
  model.name = name;
  graph::Graph graph;
  graph.name = "block";
  Raise(onnx, model, graph).run();
  if (options.family == graph::Family::kCtc) {
    cut_ctc(model, std::move(graph));
  } else {
    model.graphs.emplace("block", std::move(graph));
  }
  for (const auto& [graph_name, each] : model.graphs) graph::validate(each, &model.weights);
  return model;
}

/// What a graph does not allow is no fault of the caller's but of the file.
graph::Model raised(const OnnxModel& onnx, const std::string& name, const ImportOptions& options) {
  require(options.family == graph::Family::kBlock || options.family == graph::Family::kCtc,
          ErrorCode::kInvalidArgument, "an ONNX file becomes a block or a ctc model, not {}",
          name_of(options.family));
  try {
    return raise(onnx, name, options);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalidArgument) throw;
    fail(ErrorCode::kUnsupported, "{}", error.what());
  }
}

}  // namespace

graph::Model import_onnx_operators(std::span<const std::byte> bytes, const std::string& name,
                                   const ImportOptions& options) {
  return raised(read_onnx(bytes), name, options);
}

graph::Model import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  return with_context(path.string(), [&] {
    const OnnxModel onnx = read_onnx(MappedFile::open(path)->bytes());
    if (auto own = own_model(onnx)) return std::move(*own);
    return raised(onnx, path.stem().string(), options);
  });
}

bool is_onnx_name(const std::filesystem::path& path) {
  return path.extension() == ".onnx";
}

}  // namespace nest::exports
