#include "run_folder.h"

#include <fmt/ranges.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/options.h"

namespace nest::train {
namespace {

namespace fs = std::filesystem;

/// What a run leaves behind and a new one would take away.
constexpr const char* kFiles[] = {"best.pt", "last.pt", "log.jsonl", "curve.svg"};

fs::path record_of(const RunOptions& run) {
  return fs::path(run.out) / "run.json";
}

/// With the paths that mean the same anywhere.
RunOptions from_anywhere(RunOptions run) {
  for (std::string* path : {&run.data, &run.config, &run.init}) *path = absolute_path(*path);
  for (std::string& path : run.text) path = absolute_path(path);
  for (std::string& path : run.validation_text) path = absolute_path(path);
  const bool is_kind =
      run.tokenizer == "character" || run.tokenizer == "word" || run.tokenizer == "bpe";
  if (!is_kind) run.tokenizer = absolute_path(run.tokenizer);
  return run;
}

/// What decides which weights, tokens and utterances a run has.
void require_unchanged(const RunOptions& run, const Json& stored, const FieldNames& given) {
  const Json ours = nest::to_json(from_anywhere(run));
  for (const char* name : {"model_key", "tokenizer", "vocab_size", "train_split",
                           "validation_split", "init", "init_part"}) {
    if (!given.contains(name) || !stored.contains(name) || stored.at(name) == ours.at(name)) {
      continue;
    }
    fail(ErrorCode::kInvalidArgument,
         "{}: the run began with `{}` {}, not {}: its weights and its best score belong to that. "
         "Leave it out to go on, or begin a new run with these weights: `init` {}",
         record_of(run).string(), name, stored.at(name).dump(), ours.at(name).dump(),
         last_checkpoint(run).string());
  }
}

}  // namespace

std::string absolute_path(const std::string& path) {
  return path.empty() ? path : fs::absolute(path).lexically_normal().string();
}

fs::path last_checkpoint(const RunOptions& run) {
  return fs::path(run.out) / "last.pt";
}

void require_complete(const RunOptions& run) {
  std::vector<std::string> missing;
  if (run.out.empty()) missing.emplace_back("`out`");
  if (!run.resume || !fs::exists(record_of(run))) {
    if (run.data.empty() && run.text.empty()) missing.emplace_back("`data`");
    if (run.config.empty()) missing.emplace_back("`config`");
    if (run.model_key.empty()) missing.emplace_back("`model_key`");
  }
  require(missing.empty(), ErrorCode::kInvalidArgument, "{} needs {}",
          run.resume ? "the run to go on with" : "a training run", fmt::join(missing, " and "));
  require(!run.resume || !run.overwrite, ErrorCode::kInvalidArgument,
          "`resume` goes on with a run and `overwrite` throws it away; give one of them");
}

void require_free(const RunOptions& run) {
  if (run.resume || run.overwrite) return;
  std::vector<std::string> found;
  for (const char* name : kFiles) {
    if (fs::exists(fs::path(run.out) / name)) found.emplace_back(name);
  }
  require(found.empty(), ErrorCode::kInvalidArgument,
          "{} holds a run already ({}): `resume` goes on with it, `overwrite` throws it away; or "
          "name another folder",
          run.out, fmt::join(found, ", "));
}

bool restore_options(RunOptions& run, TrainOptions& options, const FieldNames& given) {
  const fs::path path = record_of(run);
  if (!fs::exists(path)) return false;
  const Config record = Config::from_json(load_json(path), path.string());
  require_unchanged(run, record.at("run").to_json(), given);
  read_fields(record.at("run"), run, {.keep = given, .known = {}});
  FieldNames kept = given;
  kept.insert("max_steps");  // where to stop this time, not what the run is
  read_fields(record.at("options"), options, {.keep = kept, .known = {}});
  return true;
}

void begin_folder(const RunOptions& run, const text::Tokenizer& tokenizer) {
  for (const char* name : kFiles) fs::remove(fs::path(run.out) / name);
  text::save_tokenizer(tokenizer, fs::path(run.out) / "tokenizer.json");
}

void write_record(const RunOptions& run, const TrainOptions& options) {
  const Json record = {{"run", nest::to_json(from_anywhere(run))},
                       {"options", nest::to_json(options)}};
  write_text_file(record_of(run), record.dump(2) + "\n");
}

}  // namespace nest::train
