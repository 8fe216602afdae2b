#include "nest/graph/model.h"

#include <set>

#include "nest/core/error.h"

namespace nest::graph {

EnumTable enum_table(Family /*of*/) {
  static constexpr EnumName kNames[] = {{Family::kCtc, "ctc"},
                                        {Family::kTransducer, "transducer"},
                                        {Family::kAttention, "attention"},
                                        {Family::kLanguage, "language"},
                                        {Family::kBlock, "block"}};
  return {"family of models", kNames};
}

const Graph& Model::graph(std::string_view graph_name) const {
  if (const auto found = graphs.find(graph_name); found != graphs.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, graph] : graphs) names.push_back(known);
  fail(ErrorCode::kNotFound, "model '{}' has no graph '{}' (it has: {})", name, graph_name,
       fmt::join(names, ", "));
}

std::int64_t Model::num_parameters() const {
  std::int64_t count = 0;
  for (const WeightInfo& info : weight_infos(*this)) {
    if (!is_buffer(info.name)) count += numel(info.shape);
  }
  return count;
}

std::vector<WeightInfo> weight_infos(const Model& model) {
  std::vector<WeightInfo> all;
  std::set<std::string> seen;
  for (const auto& [name, graph] : model.graphs) {
    for (WeightInfo& info : weight_infos(graph)) {
      if (seen.insert(info.name).second) all.push_back(std::move(info));
    }
  }
  return all;
}

bool is_buffer(std::string_view weight_name) {
  for (const std::string_view suffix :
       {".running_mean", ".running_var", ".num_batches_tracked", "pos_encoder.pe", ".bank"}) {
    if (weight_name.ends_with(suffix)) return true;
  }
  return false;
}

namespace {

/// For executors that gain nothing from fixed inputs.
class MergedInputs final : public Executor::Bound {
 public:
  MergedInputs(Executor& executor, std::string_view graph, TensorMap fixed)
      : executor_(executor), graph_(graph), inputs_(std::move(fixed)) {}
  TensorMap run(const TensorMap& rest) override {
    for (const auto& [name, tensor] : rest) inputs_.insert_or_assign(name, tensor);
    return executor_.run(graph_, inputs_);
  }

 private:
  Executor& executor_;
  std::string graph_;
  TensorMap inputs_;
};

}  // namespace

std::unique_ptr<Executor::Bound> Executor::bind(std::string_view graph, TensorMap fixed) {
  return std::make_unique<MergedInputs>(*this, graph, std::move(fixed));
}

}  // namespace nest::graph
