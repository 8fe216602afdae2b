#pragma once

#include <cstdint>
#include <filesystem>

#include "nest/core/json.h"
#include "nest/graph/model.h"
#include "nest/train/optimizer.h"

namespace nest::train {

/// Position and scores of a run: all that is needed, with weights and moments, to go on exactly.
struct RunState {
  std::int64_t epoch = 0;  ///< the one that is running
  std::int64_t batch = 0;  ///< next batch in it
  std::int64_t step = 0;   ///< optimizer steps asked for in all
  double loss_sum = 0;     ///< of the running epoch
  double tokens = 0;
  double items = 0;
  double skipped = 0;
  double best_score = 0;
  std::int64_t best_epoch = -1;
  int waited = 0;         ///< validations since the best
  double loss_scale = 1;  ///< fp16 on CUDA
  int good_steps = 0;     ///< since the scale changed
  Json history = Json::array();
};
Json to_json(const RunState& state);
RunState run_state_from_json(const Json& json);

/// What OUT/last.pt holds besides the weights.
struct Resumable {
  RunState state;
  Json schedule;
  Json options;
  TensorMap optimizer;
};

/// Writes a checkpoint that Python and every verb load: state dict, model_config, signal contract,
/// vocabulary, `training`; with `resumable` also what resume() needs.
void write_model(const std::filesystem::path& path, const graph::Model& model, const Json& training,
                 const Resumable* resumable = nullptr);

/// Reads what write_model stored. Errors: NotFound, DataCorrupt if it cannot be resumed.
struct Stored {
  TensorMap weights;
  Resumable resumable;
};
Stored read_resumable(const std::filesystem::path& path);

}  // namespace nest::train
