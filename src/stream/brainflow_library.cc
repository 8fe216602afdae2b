#include "brainflow_library.h"

#include <cstdlib>
#include <filesystem>

#include <dlfcn.h>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

namespace nest::stream {
namespace {

constexpr const char* kFile = "libBoardController.so";

template <class F>
void load(void* handle, const char* name, F*& function) {
  function = reinterpret_cast<F*>(::dlsym(handle, name));
  require(function != nullptr, ErrorCode::kUnsupported, "{} has no function {}", kFile, name);
}

void* open_library() {
  const char* place = std::getenv("BRAINFLOW_LIB");
  std::filesystem::path named = place == nullptr ? kFile : place;
  if (std::filesystem::is_directory(named)) named /= kFile;
  return open_shared_library({named.c_str()},
                             "install BrainFlow and name its folder lib in BRAINFLOW_LIB to use "
                             "brainflow: sources (pip install brainflow has it)");
}

}  // namespace

BrainFlowLibrary::BrainFlowLibrary() {
  void* handle = open_library();
  load(handle, "prepare_session", prepare_session);
  load(handle, "start_stream", start_stream);
  load(handle, "stop_stream", stop_stream);
  load(handle, "release_session", release_session);
  load(handle, "get_board_data_count", get_board_data_count);
  load(handle, "get_board_data", get_board_data);
  load(handle, "get_board_descr", get_board_descr);
  load(handle, "set_log_level_board_controller", set_log_level);
}

const BrainFlowLibrary& BrainFlowLibrary::instance() {
  static const BrainFlowLibrary library;
  return library;
}

}  // namespace nest::stream
