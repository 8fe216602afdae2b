#pragma once

#include "nest/deploy/inspect.h"

namespace nest::deploy {

// One kind of file each; nothing if the file is of another kind.
std::optional<Inspection> inspect_prepared(const std::filesystem::path& path,
                                           const InspectOptions& options);
std::optional<Inspection> inspect_arrays(const std::filesystem::path& path,
                                         const InspectOptions& options);
std::optional<Inspection> inspect_config(const std::filesystem::path& path,
                                         const InspectOptions& options);
std::optional<Inspection> inspect_weights(const std::filesystem::path& path,
                                          const InspectOptions& options);

std::optional<Inspection> inspect_run(const std::filesystem::path& path,
                                      const InspectOptions& options);

/// Of a training run: how far it came, its best and its last epochs.
std::string run_text(const Json& description);
/// Of a recording: channels, segments, annotations; long lists are cut.
std::string recording_text(const Json& description);

}  // namespace nest::deploy
