#pragma once

#include <filesystem>
#include <memory>

#include "nest/deploy/model_file.h"
#include "nest/runtime/prepared.h"

namespace nest::deploy {

/// A model ready for the native runtime, from any model file.
///
/// .pt and .safetensors: weights are read, packed as `options` says, and dropped; a model that can
/// be streamed incrementally gets its "encoder_step" (graph/streaming.h). A prepared file
/// (PreparedModel::save) is mapped: milliseconds, and no more memory than its size. It has one
/// precision; `options` then only says how to run.
/// Errors: those of load_model and PreparedModel::open; InvalidArgument if a prepared file is asked
/// for a precision other than its own (fp32, the default, asks for none).
std::shared_ptr<const runtime::PreparedModel> load_prepared(const std::filesystem::path& path,
                                                            const LoadOptions& load,
                                                            const runtime::Options& options);

}  // namespace nest::deploy
