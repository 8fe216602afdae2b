#include "tests/support/paths.h"

#include <set>

namespace nest::test {

std::filesystem::path shared_dir() {
  return NEST_SHARED_DIR;
}

std::filesystem::path tests_dir() {
  return NEST_TESTS_DIR;
}

std::filesystem::path parity_folder(const std::string& name) {
  const std::filesystem::path golden = tests_dir() / "golden" / "parity" / name;
  return std::filesystem::exists(golden) ? golden : shared_dir() / "parity" / name;
}

std::vector<std::string> parity_models() {
  std::set<std::string> names;
  for (const auto& folder : {tests_dir() / "golden" / "parity", shared_dir() / "parity"}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (std::filesystem::exists(entry.path() / (name + ".pt"))) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace nest::test
