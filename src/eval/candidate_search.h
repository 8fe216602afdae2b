#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eval/search_state.h"
#include "nest/eval/model_compressor.h"
#include "nest/graph/model.h"

namespace nest::eval {

/// The models of a search, made and measured in order: the float one, then for every amount, and
/// for the student, the small one in floats and in codes.
class CandidateSearch {
 public:
  /// All must outlive it.
  CandidateSearch(const graph::Model& floats, std::uintmax_t float_bytes,
                  const CompressOptions& options, const CompressTools& tools, SearchState& state,
                  const Job& job);

  /// What is done already is taken from the state. Errors: those of what it calls; Interrupted.
  std::vector<compress::TriedModel> run();
  /// "units 50 %" of "units 50 %, int8"
  static std::string base_of(const std::string& name);

 private:
  compress::TriedModel measured(const std::string& name, const std::string& file,
                                const std::string& note);
  compress::TriedModel measure_floats();
  graph::Model without_units(const graph::Model& before, double amount, double amount_before);
  bool add_small(graph::Model& base, const std::string& name,
                 const std::function<graph::Model()>& made);
  bool add_codes(const graph::Model& base, const std::string& name);
  graph::Model coded(const graph::Model& base, graph::Precision precision, std::string& note);
  graph::Model with_faster_convolutions(graph::Model bytes, std::string& note) const;
  std::optional<graph::Model> mixed(const graph::Model& base, const graph::Model& int8,
                                    std::int64_t int8_bytes);
  double error_of(const graph::Model& model) const;

  const graph::Model& floats_;
  std::uintmax_t float_bytes_;
  const CompressOptions& options_;
  const CompressTools& tools_;
  SearchState& state_;
  const Job& job_;
  recognize::Bundle bundle_;  ///< float, native
  EvalSet searched_;
  std::vector<Tensor> timed_;
  double native_ms_ = 0;
  std::vector<compress::TriedModel> found_;
};

}  // namespace nest::eval
