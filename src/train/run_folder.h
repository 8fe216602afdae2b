#pragma once

#include <filesystem>
#include <string>

#include "nest/core/config.h"
#include "nest/train/run.h"

namespace nest::train {

// A run folder: OUT/run.json says what the run was started with; it is written before the first
// step and is what `resume` goes by.

/// Errors: InvalidArgument that names all of config, model_key, out and data that a new run lacks.
void require_complete(const RunOptions& run);

/// Errors: InvalidArgument if the folder holds a run that is neither resumed nor overwritten.
void require_free(const RunOptions& run);

/// Takes what the run was started with wherever nothing else is given.
///
/// False if the run left no run.json. Errors: InvalidArgument for a given option that
/// cannot change within a run; DataCorrupt for a broken run.json.
bool restore_options(RunOptions& run, TrainOptions& options, const FieldNames& given);

/// Begins a run: removes what an overwritten one left and writes tokenizer.json.
void begin_folder(const RunOptions& run, const text::Tokenizer& tokenizer);
/// Writes run.json. Paths become absolute, so that the run can be resumed from any folder.
void write_record(const RunOptions& run, const TrainOptions& options);

std::filesystem::path last_checkpoint(const RunOptions& run);
/// The same file from any folder; "" for "".
std::string absolute_path(const std::string& path);

}  // namespace nest::train
