#include "nest/graph/serialize.h"

#include <utility>

#include "json_fields.h"
#include "nest/core/error.h"
#include "nest/core/options.h"
#include "op_fields.h"

namespace nest::graph {

namespace {

constexpr int kVersion = 1;
constexpr std::int64_t kMaxAttribute = std::int64_t{1} << 31;  // products of two stay in 64 bits

struct FieldWriter {
  Json& json;
  template <class T>
  void operator()(std::string_view name, const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      json[std::string(name)] = name_of(value);
    } else {
      json[std::string(name)] = value;
    }
  }
};

struct FieldReader {
  const Json& json;
  template <class T>
  void operator()(std::string_view name, T& value) const {
    if constexpr (std::is_enum_v<T>) {
      value = from_name<T>(get<std::string>(json, name), ErrorCode::kDataCorrupt);
    } else {
      value = get<T>(json, name);
    }
    if constexpr (std::is_same_v<T, std::int64_t>) {
      require(value >= -kMaxAttribute && value <= kMaxAttribute, ErrorCode::kDataCorrupt,
              "attribute '{}' is {}, the limit is {}", name, value, kMaxAttribute);
    }
  }
};

template <std::size_t... I>
Op op_of_kind(const std::string& kind, std::index_sequence<I...>) {
  Op op;
  const bool found =
      ((kind_name(Op(std::in_place_index<I>)) == kind ? (op.emplace<I>(), true) : false) || ...);
  require(found, ErrorCode::kDataCorrupt, "unknown node kind '{}'", kind);
  return op;
}

Json shape_json(const DimShape& shape) {
  Json json = Json::array();
  for (const Dim& dim : shape) json.push_back(dim.text());
  return json;
}

Json node_json(const Node& node) {
  Json json;
  json["name"] = node.name;
  json["kind"] = kind_name(node.op);
  Json attributes = Json::object();
  std::visit([&](const auto& op) { visit_fields(FieldWriter{attributes}, op); }, node.op);
  json["attributes"] = std::move(attributes);
  json["inputs"] = node.inputs;
  json["outputs"] = node.outputs;
  Json weights = Json::array();
  for (const WeightRef& weight : node.weights) {
    Json entry{{"name", weight.name}};
    if (weight.row_end != 0) entry["rows"] = {weight.row_begin, weight.row_end};
    weights.push_back(std::move(entry));
  }
  json["weights"] = std::move(weights);
  return json;
}

Node node_from_json(const Json& json) {
  Node node;
  node.name = get<std::string>(json, "name");
  with_context(fmt::format("node '{}'", node.name), [&] {
    node.op = op_of_kind(get<std::string>(json, "kind"),
                         std::make_index_sequence<std::variant_size_v<Op>>{});
    std::visit([&](auto& op) { visit_fields(FieldReader{field(json, "attributes")}, op); },
               node.op);
    node.inputs = get<std::vector<ValueId>>(json, "inputs");
    node.outputs = get<std::vector<ValueId>>(json, "outputs");
    for (const Json& entry : list(json, "weights")) {
      WeightRef weight{get<std::string>(entry, "name")};
      if (entry.contains("rows")) {
        std::tie(weight.row_begin, weight.row_end) =
            get<std::pair<std::int64_t, std::int64_t>>(entry, "rows");
      }
      node.weights.push_back(std::move(weight));
    }
  });
  return node;
}

Value value_from_json(const Json& json) {
  Value value;
  value.name = get<std::string>(json, "name");
  value.dtype = from_name<DType>(get<std::string>(json, "dtype"));
  for (const auto& dim : get<std::vector<std::string>>(json, "shape")) {
    value.shape.push_back(Dim::parse(dim));
  }
  value.time_axis = get<int>(json, "time_axis");
  require(value.time_axis >= -1 && value.time_axis < static_cast<int>(value.shape.size()),
          ErrorCode::kDataCorrupt, "value '{}': time axis {} is out of range", value.name,
          value.time_axis);
  return value;
}

}  // namespace

Json to_json(const Graph& graph) {
  Json json;
  json["name"] = graph.name;
  json["values"] = Json::array();
  for (const Value& value : graph.values) {
    json["values"].push_back({{"name", value.name},
                              {"dtype", name_of(value.dtype)},
                              {"shape", shape_json(value.shape)},
                              {"time_axis", value.time_axis}});
  }
  json["inputs"] = Json::array();
  for (const Port& port : graph.inputs) {
    json["inputs"].push_back(
        {{"name", port.name}, {"value", port.value}, {"optional", port.is_optional}});
  }
  json["nodes"] = Json::array();
  for (const Node& node : graph.nodes) json["nodes"].push_back(node_json(node));
  json["outputs"] = Json::array();
  for (const Port& port : graph.outputs) {
    json["outputs"].push_back({{"name", port.name}, {"value", port.value}, {"feeds", port.feeds}});
  }
  return json;
}

Graph graph_from_json(const Json& json) {
  Graph graph;
  graph.name = get<std::string>(json, "name");
  try {
    with_context(fmt::format("graph '{}'", graph.name), [&] {
      for (const Json& entry : list(json, "values")) graph.values.push_back(value_from_json(entry));
      for (const Json& entry : list(json, "inputs")) {
        graph.inputs.push_back({get<std::string>(entry, "name"), get<ValueId>(entry, "value"),
                                get<bool>(entry, "optional"), ""});
      }
      for (const Json& entry : list(json, "nodes")) graph.nodes.push_back(node_from_json(entry));
      for (const Json& entry : list(json, "outputs")) {
        graph.outputs.push_back({get<std::string>(entry, "name"), get<ValueId>(entry, "value"),
                                 false, get<std::string>(entry, "feeds")});
      }
    });
    validate(graph);
  } catch (const Error& error) {
    // Whatever is wrong here, the file is to blame.
    if (error.code() == ErrorCode::kDataCorrupt) throw;
    fail(ErrorCode::kDataCorrupt, "{}", error.what());
  }
  return graph;
}

Json to_json(const Vocabulary& vocabulary) {
  Json json{{"size", vocabulary.size},
            {"blank_id", vocabulary.blank_id},
            {"sos_id", vocabulary.sos_id},
            {"eos_id", vocabulary.eos_id},
            {"tokenizer", vocabulary.tokenizer}};
  if (!vocabulary.text_rule.is_null()) json["text_rule"] = vocabulary.text_rule;
  return json;
}

Vocabulary vocabulary_from_json(const Json& json) {
  Vocabulary vocabulary;
  with_context("vocabulary", [&] {
    vocabulary.size = get<std::int64_t>(json, "size");
    vocabulary.blank_id = get<std::int64_t>(json, "blank_id");
    vocabulary.sos_id = get<std::int64_t>(json, "sos_id");
    vocabulary.eos_id = get<std::int64_t>(json, "eos_id");
    vocabulary.tokenizer = field(json, "tokenizer");
    if (json.contains("text_rule")) vocabulary.text_rule = json["text_rule"];
  });
  return vocabulary;
}

Json to_json(const Model& model) {
  Json json;
  json["version"] = kVersion;
  json["name"] = model.name;
  json["family"] = name_of(model.family);
  json["config"] = model.config;
  json["signal"] = nest::to_json(model.signal);
  json["vocabulary"] = to_json(model.vocabulary);
  if (model.quantization != Quantization{}) json["quantization"] = to_json(model.quantization);
  json["graphs"] = Json::array();
  for (const auto& [name, graph] : model.graphs) json["graphs"].push_back(to_json(graph));
  return json;
}

Model model_from_json(const Json& json) {
  const int version = get<int>(json, "version");
  require(version == kVersion, ErrorCode::kUnsupported,
          "model description of version {}, this build reads version {}", version, kVersion);
  Model model;
  model.name = get<std::string>(json, "name");
  model.family = from_name<Family>(get<std::string>(json, "family"), ErrorCode::kDataCorrupt);
  model.config = field(json, "config");
  model.signal = signal_contract_from_json(field(json, "signal"));
  model.vocabulary = vocabulary_from_json(field(json, "vocabulary"));
  for (const Json& entry : list(json, "graphs")) {
    Graph graph = graph_from_json(entry);
    const std::string name = graph.name;
    require(model.graphs.emplace(name, std::move(graph)).second, ErrorCode::kDataCorrupt,
            "graph '{}' is given twice", name);
  }
  if (json.contains("quantization")) {
    model.quantization = quantization_from_json(json["quantization"], model);
  }
  return model;
}

}  // namespace nest::graph
