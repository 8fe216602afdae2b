#include "block.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "decoder.h"
#include "encoder.h"
#include "nest/core/error.h"
#include "nest/graph/factory.h"

namespace nest::graph {

namespace {

Graph front_end_block(const std::string& type, Section& section, Model& model) {
  PartOptions options;
  options.is_causal = section.has("causal") && section.boolean("causal", false);
  const FrontEnd front_end = read_front_end(type, section, options);
  Graph graph;
  graph.name = "block";
  const ValueId x = graph.add_input("x", DType::kF32,
                                    {Dim::symbol("B"), front_end.channels, Dim::symbol("T")}, 2);
  add_lengths_input(graph);
  graph.add_output("output", build_front_end(front_end, Scope(graph), x));
  model.signal.num_channels = front_end.channels;
  model.signal.rate_hz = front_end.rate_hz;
  model.presets = front_end.presets;
  return graph;
}

Graph encoder_block(const std::string& type, Section& section) {
  PartOptions options;
  options.is_causal = section.has("causal") && section.boolean("causal", false);
  const Encoder encoder = read_encoder(type, section, std::nullopt, options);
  Graph graph;
  graph.name = "block";
  const Dim batch = Dim::symbol("B");
  const Dim time = Dim::symbol("T");
  const ValueId x = graph.add_input("x", DType::kF32, {batch, time, encoder.input_dim}, 1);
  add_lengths_input(graph);
  ValueId padded = kNoValue;
  if (encoder.takes_mask) {
    padded = graph.add_input("mask", DType::kBool, {batch, time}, -1, true);
  }
  const EncoderResult result = encoder.build(Scope(graph), x, padded);
  if (result.states.empty()) {
    graph.add_output("output", result.output);
  } else {
    graph.add_output("output_0", result.output);
    const std::vector<std::string> names =
        result.states.size() == 1 ? std::vector<std::string>{"output_1"}
                                  : std::vector<std::string>{"output_1_0", "output_1_1"};
    for (std::size_t i = 0; i < names.size(); ++i) graph.add_output(names[i], result.states[i]);
  }
  return graph;
}

using BlockReader = std::function<Graph(Section&, Model&)>;
struct BlockEntry {
  const char* reference_class;
  BlockReader read;
};

const std::vector<BlockEntry>& blocks() {
  static const std::vector<BlockEntry> table{
      {"SpatialCNN", [](Section& s, Model& m) { return front_end_block("SpatialCNN", s, m); }},
      {"EEGNet", [](Section& s, Model& m) { return front_end_block("EEGNet", s, m); }},
      {"DeepConvNet", [](Section& s, Model& m) { return front_end_block("DeepConvNet", s, m); }},
      {"FilterBank", [](Section& s, Model& m) { return front_end_block("FilterBank", s, m); }},
      {"LSTMEncoder", [](Section& s, Model&) { return encoder_block("LSTM", s); }},
      {"GRUEncoder", [](Section& s, Model&) { return encoder_block("GRU", s); }},
      {"TransformerEncoder", [](Section& s, Model&) { return encoder_block("Transformer", s); }},
      {"ConformerEncoder", [](Section& s, Model&) { return encoder_block("Conformer", s); }},
      {"CTCDecoder",
       [](Section& s, Model& m) {
         const CtcDecoder decoder = read_ctc_decoder(s, {});
         m.vocabulary.size = decoder.vocab_size;
         m.vocabulary.blank_id = decoder.blank_id;
         return ctc_graph(decoder, "block", "");
       }},
      {"TransducerDecoder",
       [](Section& s, Model& m) {
         const TransducerDecoder decoder = read_transducer_decoder(s, {});
         m.vocabulary.size = decoder.vocab_size;
         return predictor_graph(decoder, "block", "", "output");
       }},
      {"JointNetwork",
       [](Section& s, Model& m) {
         const JointNetwork joint = read_joint_network(s, {});
         m.vocabulary.size = joint.vocab_size;
         return joiner_graph(joint, "block", "", {"decoder_output", "output"});
       }},
      {"AttentionDecoder",
       [](Section& s, Model& m) {
         const AttentionDecoder decoder = read_attention_decoder(s, {});
         m.vocabulary.size = decoder.vocab_size;
         return decoder_step_graph(decoder, "block", "");
       }},
      {"CrossAttention", [](Section& s, Model&) { return cross_attention_block(s); }},
      {"AdditiveAttention", [](Section& s, Model&) { return additive_attention_block(s); }},
      {"LocationAwareAttention",
       [](Section& s, Model& m) {
         m.graphs.emplace("block_previous", location_aware_block(s, true));
         return location_aware_block(s, false);
       }},
      {"RelativePositionAttention", [](Section& s, Model&) { return relative_position_block(s); }},
      {"LocalAttention", [](Section& s, Model&) { return local_attention_block(s); }},
      {"LinearAttention", [](Section& s, Model&) { return linear_attention_block(s); }},
  };
  return table;
}

}  // namespace

std::vector<std::string> block_classes() {
  std::vector<std::string> names;
  for (const BlockEntry& entry : blocks()) names.emplace_back(entry.reference_class);
  return names;
}

Model build_block(std::string_view reference_class, const Config& config) {
  const auto entry = std::find_if(blocks().begin(), blocks().end(), [&](const BlockEntry& e) {
    return reference_class == e.reference_class;
  });
  require(entry != blocks().end(), ErrorCode::kNotFound, "unknown block '{}' (known: {})",
          reference_class, fmt::join(block_classes(), ", "));
  Section section(config, std::string(reference_class));
  section.choice("type", {std::string(reference_class)}, std::string(reference_class));
  Model model;
  model.name = reference_class;
  model.family = Family::kBlock;
  model.graphs.emplace("block", entry->read(section, model));
  section.finish();
  model.config = section.resolved();
  for (const auto& [name, graph] : model.graphs) validate(graph);
  return model;
}

}  // namespace nest::graph
