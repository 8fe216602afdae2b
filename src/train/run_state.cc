#include "run_state.h"

#include "nest/core/error.h"
#include "nest/core/json_text.h"
#include "nest/deploy/model_file.h"
#include "nest/io/checkpoint.h"

namespace nest::train {

Json to_json(const RunState& s) {
  return {{"epoch", s.epoch},       {"batch", s.batch},           {"step", s.step},
          {"loss_sum", s.loss_sum}, {"tokens", s.tokens},         {"items", s.items},
          {"skipped", s.skipped},   {"best_score", s.best_score}, {"best_epoch", s.best_epoch},
          {"waited", s.waited},     {"loss_scale", s.loss_scale}, {"good_steps", s.good_steps},
          {"history", s.history}};
}

RunState run_state_from_json(const Json& json) {
  RunState s;
  s.epoch = json.at("epoch").get<std::int64_t>();
  s.batch = json.at("batch").get<std::int64_t>();
  s.step = json.at("step").get<std::int64_t>();
  s.loss_sum = json.at("loss_sum").get<double>();
  s.tokens = json.at("tokens").get<double>();
  s.items = json.at("items").get<double>();
  s.skipped = json.at("skipped").get<double>();
  s.best_score = json.at("best_score").get<double>();
  s.best_epoch = json.at("best_epoch").get<std::int64_t>();
  s.waited = json.at("waited").get<int>();
  s.loss_scale = json.at("loss_scale").get<double>();
  s.good_steps = json.at("good_steps").get<int>();
  s.history = json.at("history");
  return s;
}

void write_model(const std::filesystem::path& path, const graph::Model& model, const Json& training,
                 const Resumable* resumable) {
  io::Checkpoint checkpoint = deploy::to_checkpoint(model);
  checkpoint.extra["training"] = training;
  if (resumable != nullptr) {
    // As one text: numbers come back exactly, and Python sees a plain string.
    const Json run = {{"state", to_json(resumable->state)},
                      {"schedule", resumable->schedule},
                      {"options", resumable->options}};
    checkpoint.extra["run_state"] = json_text(run);
    checkpoint.extra_tensors = resumable->optimizer;
  }
  io::write_checkpoint(path, checkpoint);
}

Stored read_resumable(const std::filesystem::path& path) {
  return with_context(path.string(), [&] {
    const io::Checkpoint checkpoint = io::read_checkpoint(path);
    require(checkpoint.extra.contains("run_state"), ErrorCode::kDataCorrupt,
            "this checkpoint holds no run state; only last.pt of a training run can be resumed");
    const Json run = parse_json(checkpoint.extra.at("run_state").get<std::string>(), "run_state");
    Stored stored;
    stored.weights = checkpoint.state_dict;
    stored.resumable.optimizer = checkpoint.extra_tensors;
    try {
      stored.resumable.state = run_state_from_json(run.at("state"));
      stored.resumable.schedule = run.at("schedule");
      stored.resumable.options = run.at("options");
    } catch (const Json::exception& error) {
      fail(ErrorCode::kDataCorrupt, "run_state: {}", error.what());
    }
    return stored;
  });
}

}  // namespace nest::train
