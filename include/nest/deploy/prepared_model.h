#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "nest/deploy/model_file.h"
#include "nest/runtime/prepared.h"

namespace nest::deploy {

/// A model ready for the native runtime, from any model file.
///
/// .pt and .safetensors: weights are read and prepared (runtime::prepare), in `precision` where one
/// is asked for, else as the model's quantization says. A prepared file (PreparedModel::save) is
/// mapped: milliseconds, and no more memory than its size.
/// Errors: those of load_model, runtime::prepare and PreparedModel::open; InvalidArgument if a
/// prepared file is asked for what it was not prepared for, or a model with precisions by layer for
/// one of all.
std::shared_ptr<const runtime::PreparedModel> load_prepared(
    const std::filesystem::path& path, const LoadOptions& load = {},
    std::optional<graph::Precision> precision = {}, const runtime::PrepareOptions& options = {});

/// Writes a model: packed for the native runtime (.prepared), else as save_model(), with a word in
/// the log where a quantization's floats stay floats in the file. Returns the bytes of the file.
/// Errors: those of runtime::prepare, PreparedModel::save and save_model.
std::uintmax_t write_model(const graph::Model& model, const std::filesystem::path& path);

}  // namespace nest::deploy
