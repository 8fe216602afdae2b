#include "nest/deploy/inspect.h"

#include "inspect_kinds.h"
#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/io/recording.h"
#include "nest/text/tokenizer.h"

namespace nest::deploy {
namespace {

std::optional<Inspection> inspect_tokenizer(const std::filesystem::path& path,
                                            const InspectOptions& /*options*/) {
  if (path.extension() != ".json" && path.extension() != ".model") return std::nullopt;
  const auto tokenizer = text::load_tokenizer(path);
  Inspection found;
  found.description["kind"] = "tokenizer";
  found.description["tokenizer"] = tokenizer->kind();
  found.description["size"] = tokenizer->size();
  found.description["special"] = Json::object();
  for (int id = 0; id < tokenizer->size(); ++id) {
    if (tokenizer->is_special(id)) found.description["special"][tokenizer->token(id)] = id;
  }
  return found;
}

std::optional<Inspection> inspect_recording(const std::filesystem::path& path,
                                            const InspectOptions& options) {
  if (io::recording_format(path).empty()) return std::nullopt;
  io::OpenOptions open;
  open.stream = options.stream;
  open.strict = options.strict;
  Inspection found;
  found.description = io::explain(path, open);
  found.description["kind"] = "recording";
  if (!found.description.value("ok", false)) {
    found.problem = found.description.value("error", path.string() + ": the recording is damaged");
  }
  return found;
}

}  // namespace

Inspection inspect(const std::filesystem::path& path, const InspectOptions& options) {
  if (std::filesystem::is_directory(path)) {
    if (std::optional<Inspection> run = inspect_run(path, options)) return *std::move(run);
    fail(ErrorCode::kDataCorrupt,
         "{}: a folder that is neither a dataset (dataset.json; nest import makes one) nor a "
         "training run (run.json, best.pt; nest train makes one)",
         path.string());
  }
  for (const auto& kind : {inspect_prepared, inspect_arrays, inspect_config, inspect_weights,
                           inspect_tokenizer, inspect_recording}) {
    if (std::optional<Inspection> found = kind(path, options)) return *std::move(found);
  }
  fail(ErrorCode::kDataCorrupt,
       "{}: neither weights (.pt, .safetensors), a prepared model, arrays (.npy, .npz), a "
       "tokenizer (.json) nor a known EEG recording ({} bytes)",
       path.string(), MappedFile::open(path)->size());
}

}  // namespace nest::deploy
