#pragma once

#include <filesystem>
#include <string>

#include "tests/support/paths.h"

namespace nest::text {

/// A file of the shared parity vectors; does not exist if they are not there.
inline std::filesystem::path shared_file(const std::string& name) {
  return test::shared_dir() / name;
}

}  // namespace nest::text

#define NEST_SKIP_WITHOUT(path)                                        \
  if (!std::filesystem::exists(path)) {                                \
    GTEST_SKIP() << "shared vectors are missing: " << (path).string(); \
  }
