#pragma once

#include <memory>

#include "nest/core/json.h"
#include "nest/train/run.h"
#include "nest/train/source.h"

namespace nest::train {

/// What is trained, and on what.
struct Material {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  graph::Model model;
  std::unique_ptr<Source> training;
  std::unique_ptr<Source> validation;  ///< null: none
  Validator validator;
  Json left_out = Json::object();  ///< what cannot be trained on (left_out.h)
};

/// From a dataset folder or, for a language model, texts. A resumed run has its own model; a
/// configuration that is in `given` must describe the same one.
Material open_material(RunOptions run, const TrainOptions& options, const FieldNames& given);

/// A split as it is trained on: read once, with the surroundings that are asked for. Windows are
/// normalised one by one, so `in_windows` leaves that to whoever cuts them.
std::unique_ptr<Source> read_split(const data::Dataset& dataset, const std::string& split,
                                   const text::Tokenizer& tokenizer,
                                   const data::SurroundOptions& surround, bool in_windows);

}  // namespace nest::train
