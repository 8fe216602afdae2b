#include "io/mat_node.h"
#include "nest/core/error.h"

/// MATLAB 7.3 files in a build without HDF5 (NEST_WITH_HDF5=OFF).
namespace nest::io {
namespace {

[[noreturn]] void refuse() {
  fail(ErrorCode::kUnsupported,
       "a MATLAB 7.3 file, which this build does not read (NEST_WITH_HDF5=OFF); save it with -v7, "
       "or use a full build");
}

}  // namespace

std::vector<MatVariable> mat73_variables(const std::filesystem::path& /*path*/,
                                         Departures& /*departures*/) {
  refuse();
}
std::shared_ptr<const MatRoot> mat73_read(const std::filesystem::path& /*path*/,
                                          const std::string& /*name*/,
                                          const std::vector<std::string>& /*fields*/) {
  refuse();
}

}  // namespace nest::io
