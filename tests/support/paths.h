#pragma once

#include <filesystem>

namespace nest::test {

/// Where the shared parity vectors and EEG data lie, if they do (-DNEST_SHARED_DIR at configure
/// time).
std::filesystem::path shared_dir();

/// The folder tests/ of this source tree.
std::filesystem::path tests_dir();

}  // namespace nest::test
