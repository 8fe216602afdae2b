#include <cstring>
#include <optional>

#include "nest/core/error.h"
#include "nest/graph/factory.h"
#include "nest/graph/frames.h"

namespace nest::graph {

namespace {

/// [B, 1, C, T] -> [B, C, T] where the graph has three axes; the reference takes both.
Tensor without_plane(const Tensor& tensor) {
  if (tensor.rank() != 4 || tensor.dim(1) != 1) return tensor;
  return tensor.reshaped({tensor.dim(0), tensor.dim(2), tensor.dim(3)});
}

/// Column `step` of tokens [B, U], as [B, 1].
Tensor token_column(const Tensor& tokens, std::int64_t step) {
  const std::span<const std::int64_t> all = tokens.data<std::int64_t>();
  std::vector<std::int64_t> column;
  for (std::int64_t b = 0; b < tokens.dim(0); ++b) {
    column.push_back(all[static_cast<std::size_t>(b * tokens.dim(1) + step)]);
  }
  return Tensor::from<std::int64_t>({tokens.dim(0), 1}, column);
}

/// U tensors [B, V] -> [B, U, V].
Tensor stack_steps(const std::vector<Tensor>& steps) {
  const std::int64_t batch = steps.front().dim(0);
  const auto count = static_cast<std::int64_t>(steps.size());
  Tensor stacked(steps.front().dtype(), {batch, count, steps.front().dim(1)});
  const std::size_t row = steps.front().nbytes() / static_cast<std::size_t>(batch);
  auto* out = static_cast<std::byte*>(stacked.mutable_raw());
  for (std::size_t b = 0; b < static_cast<std::size_t>(batch); ++b) {
    for (const Tensor& step : steps) {
      std::memcpy(out, static_cast<const std::byte*>(step.raw()) + b * row, row);
      out += row;
    }
  }
  return stacked;
}

/// Runs a step graph once for each token column; the state goes from step to step.
TensorMap run_steps(Executor& executor, std::string_view graph_name, const Tensor& tokens,
                    TensorMap inputs) {
  require(tokens.rank() == 2 && tokens.dtype() == DType::kI64 && !tokens.empty(),
          ErrorCode::kInvalidArgument, "target tokens must be int64 [B, U] with U >= 1, got {} {}",
          name_of(tokens.dtype()), to_string(tokens.shape()));
  const Graph& graph = executor.model().graph(graph_name);
  std::vector<Tensor> logits;
  TensorMap outputs;
  for (std::int64_t step = 0; step < tokens.dim(1); ++step) {
    inputs["token"] = token_column(tokens, step);
    outputs = executor.run(graph_name, inputs);
    logits.push_back(outputs.at("logits"));
    for (const Port& port : graph.outputs) {
      if (!port.feeds.empty()) inputs[port.feeds] = outputs.at(port.name);
    }
  }
  outputs["logits"] = stack_steps(logits);
  outputs.erase("attention");
  outputs.erase("attention_weights");
  return outputs;
}

/// Frames of each item after the encoder.
Tensor frame_lengths(const Model& model, const Tensor& lengths) {
  std::vector<std::int64_t> frames;
  for (const std::int64_t samples : lengths.data<std::int64_t>()) {
    frames.push_back(num_frames(model, samples));
  }
  return Tensor::from<std::int64_t>({lengths.numel()}, frames);
}

/// The graph of a block that has every given input.
std::string_view block_graph(const Model& model, const TensorMap& inputs) {
  for (const auto& [graph_name, graph] : model.graphs) {
    bool fits = true;
    for (const auto& [name, tensor] : inputs) {
      bool is_port = false;
      for (const Port& port : graph.inputs) is_port = is_port || port.name == name;
      fits = fits && is_port;
    }
    if (fits) return graph_name;
  }
  return "block";
}

TensorMap run_block(Executor& executor, TensorMap inputs) {
  if (const auto tokens = inputs.find("target_tokens"); tokens != inputs.end()) {
    const Tensor targets = tokens->second;
    inputs.erase(tokens);
    return run_steps(executor, "block", targets, std::move(inputs));
  }
  if (const auto x = inputs.find("x"); x != inputs.end()) x->second = without_plane(x->second);
  const std::string_view graph = block_graph(executor.model(), inputs);
  return executor.run(graph, inputs);
}

TensorMap run_joiner(Executor& executor, const TensorMap& memory, const Tensor& tokens) {
  TensorMap inputs = memory;
  inputs["prediction_output"] =
      executor.run("predictor", {{"tokens", tokens}}).at("prediction_output");
  TensorMap outputs = executor.run("joiner", inputs);
  outputs["prediction_output"] = inputs["prediction_output"];
  return outputs;
}

void add_transducer_outputs(Executor& executor, const TensorMap& memory,
                            const std::optional<Tensor>& labels, TensorMap& outputs) {
  const std::int64_t batch = memory.at("encoder_output").dim(0);
  const std::vector<std::int64_t> blanks(static_cast<std::size_t>(batch),
                                         executor.model().vocabulary.blank_id);
  outputs["logits_no_labels"] =
      run_joiner(executor, memory, Tensor::from<std::int64_t>({batch, 1}, blanks)).at("logits");
  if (labels) outputs.merge(run_joiner(executor, memory, *labels));
}

}  // namespace

TensorMap run_forward(Executor& executor, const TensorMap& inputs) {
  const Model& model = executor.model();
  if (model.family == Family::kBlock) return run_block(executor, inputs);
  if (model.family == Family::kLanguage) return executor.run("lm", inputs);
  TensorMap encoder_inputs;
  std::optional<Tensor> labels;
  for (const auto& [name, tensor] : inputs) {
    if (name == "target_labels") {
      labels = tensor;
    } else {
      encoder_inputs[name] = name == "eeg_data" ? without_plane(tensor) : tensor;
    }
  }
  TensorMap outputs = executor.run("encoder", encoder_inputs);
  TensorMap memory{{"encoder_output", outputs.at("encoder_output")}};
  if (const auto lengths = inputs.find("lengths"); lengths != inputs.end()) {
    memory["lengths"] = frame_lengths(model, lengths->second);
    outputs["encoder_lengths"] = memory["lengths"];
  }
  if (model.family == Family::kCtc) {
    outputs.merge(executor.run("ctc_head", memory));
  } else if (model.family == Family::kTransducer) {
    add_transducer_outputs(executor, memory, labels, outputs);
  } else if (labels) {
    outputs["logits"] = run_steps(executor, "decoder_step", *labels, memory).at("logits");
  }
  return outputs;
}

Tensor as_input(std::string_view port, const Tensor& array) {
  const DType dtype = array.dtype();
  const bool is_float = dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBF16;
  const bool is_kept = dtype == DType::kF32 || dtype == DType::kI64 || dtype == DType::kBool;
  const Tensor input = is_kept ? array : array.to(is_float ? DType::kF32 : DType::kI64);
  if (port != "eeg_data" || input.rank() != 2) return input;
  return input.reshaped({1, input.dim(0), input.dim(1)});
}

}  // namespace nest::graph
