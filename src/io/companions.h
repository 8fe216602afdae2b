#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nest::io {

/// The file that a BrainVision header calls `name`; if it was renamed together with the header, the
/// one of the header's name.
std::filesystem::path brainvision_file(const std::filesystem::path& header,
                                       const std::string& name);

/// The data and marker files that a BrainVision header names, also where they are missing.
std::vector<std::filesystem::path> brainvision_companions(const std::filesystem::path& header);

/// The data file that an EEGLAB dataset names; none if its samples are inside.
std::vector<std::filesystem::path> eeglab_companions(const std::filesystem::path& set);

/// The further parts of a FIF recording that is split over files.
std::vector<std::filesystem::path> fif_companions(const std::filesystem::path& first);

/// Whether a MATLAB file holds an EEGLAB dataset; nothing if its variables cannot be listed.
std::optional<bool> is_eeglab_dataset(const std::filesystem::path& path);

}  // namespace nest::io
