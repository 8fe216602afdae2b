#include "tests/support/paths.h"

namespace nest::test {

std::filesystem::path shared_dir() {
  return NEST_SHARED_DIR;
}

std::filesystem::path tests_dir() {
  return NEST_TESTS_DIR;
}

}  // namespace nest::test
