#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace nest::test {

/// Where the shared parity vectors and EEG data lie, if they do (-DNEST_SHARED_DIR at configure
/// time).
std::filesystem::path shared_dir();

/// The folder tests/ of this source tree.
std::filesystem::path tests_dir();

/// Folder of one entry of the parity vectors: tests/golden/parity/NAME, else that of the shared
/// vectors, which need not exist.
std::filesystem::path parity_folder(const std::string& name);

/// The model entries that are there, those of the repository and the shared ones, sorted.
std::vector<std::string> parity_models();

}  // namespace nest::test
