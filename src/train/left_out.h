#pragma once

#include "nest/core/json.h"
#include "nest/data/dataset.h"
#include "nest/graph/model.h"
#include "nest/train/source.h"

namespace nest::train {

// What a run cannot be trained on: named and counted in one warning, and as JSON for the report.

/// The utterances of a dataset with a problem: an array of data::Problem.
Json warn_of_problems(const data::Dataset& dataset);

/// CTC: the utterances whose text is longer than their frames can hold: an array of ids.
/// Cost: none of the model's; it counts frames.
Json warn_of_long_targets(const graph::Model& model, const Source& training);

}  // namespace nest::train
